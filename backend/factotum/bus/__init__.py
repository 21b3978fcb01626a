"""Redis: the run log, its live tail, and signals to running runs."""
