"""`make load`: what the service takes, as two processes, on one machine."""
