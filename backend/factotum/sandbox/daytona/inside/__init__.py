"""Runs inside a Daytona sandbox, beside the local provider's supervisor: standard library only."""
