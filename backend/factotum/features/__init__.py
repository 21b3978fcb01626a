"""One room a feature: its service and its schemas."""
