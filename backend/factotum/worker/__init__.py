"""The Procrastinate app, its jobs and its periodic work."""
