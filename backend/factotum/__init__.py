"""Factotum: a self-hosted general AI agent."""

__version__ = "0.1.0"
