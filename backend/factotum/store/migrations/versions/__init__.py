"""The revisions: `NNNN_name.py` with `revision = "NNNN"`. Their line never forks and never goes back."""
