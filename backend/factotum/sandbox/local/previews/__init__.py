"""Previews of what listens in local sandboxes: each at an origin of its own, apart from the API's."""
