"""Sandboxes at Daytona: the only importer of the `daytona` package, and that lazily."""
