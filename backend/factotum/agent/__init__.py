"""The agent: ThreadManager, ResponseProcessor and the loop. Orchestration over ports only."""
