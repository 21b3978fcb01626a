"""Published folders: gathered out of a workspace, kept as snapshots, and shown as they were then."""
