"""The way out of a sandbox: an HTTP proxy outside of it that checks, bounds and notes every connection."""
