"""How this process finds the models that it calls: which of them rest after they failed, and why."""

from factotum.llm.breaker import Breakers
from factotum.llm.cooldowns import Cooldowns
from factotum.llm.endpoints import provider_of


class ModelHealth:
    """What the gateway learns from its calls; another process that calls models learns for itself."""

    def __init__(self, breakers: Breakers | None = None, cooldowns: Cooldowns | None = None) -> None:
        self.breakers = breakers or Breakers()
        self.cooldowns = cooldowns or Cooldowns()

    def resting(self, model: str) -> str | None:
        """Return why a model is left alone for now, or None when it is not."""
        fault = self.cooldowns.why(model) or self.breakers.of(provider_of(model)).refusal()
        return None if fault is None else f"{fault.message} {fault.hint}".strip()
