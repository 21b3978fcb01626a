"""The local provider: bubblewrap, one workspace a project."""
