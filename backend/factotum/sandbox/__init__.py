"""Where the agent's commands run: one port, and a provider for each kind of place."""
