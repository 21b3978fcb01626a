"""The model gateway: one port, the LiteLLM gateway behind it, the catalogue of models, the demo model."""
