"""Postgres and Valkey as children of ours, for a laptop."""
