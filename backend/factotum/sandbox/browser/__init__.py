"""A browser inside the sandbox: Chromium, driven there by a small program of ours over a session's pipe."""
