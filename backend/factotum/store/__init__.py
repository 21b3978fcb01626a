"""Postgres: tenant transactions and the repositories that hold every query."""
