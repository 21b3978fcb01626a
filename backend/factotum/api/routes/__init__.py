"""The routes, one module a room: thin, each a call of a service."""
