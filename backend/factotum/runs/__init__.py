"""The life of a run: submit, claim, execute, suspend, resume, stop."""
