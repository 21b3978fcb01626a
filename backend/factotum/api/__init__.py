"""The HTTP face: routes, dependencies, SSE, error mapping."""
