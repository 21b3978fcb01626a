"""Which models a run uses: its caller's choice, else its agent's, else the service's."""

from collections.abc import Sequence
from typing import Protocol

from factotum.core.errors import InvalidInput
from factotum.features.agents import fallback_models
from factotum.llm.demo import DEMO_MODEL
from factotum.protocol.runs import RunOptions
from factotum.store.records import Agent


class Models(Protocol):
    """What is known of models without calling one."""

    def check(self, model: str) -> None:
        """Raise InvalidInput (`model_unknown`, `model_key_missing`) for a model that cannot be used."""
        ...

    def default(self) -> str:
        """The model of runs that name none."""
        ...

    def fallbacks(self, model: str) -> tuple[str, ...]:
        """The models of the service to fall back on from `model`, all of which can be used."""
        ...

    def check_effort(self, model: str) -> None:
        """Raise InvalidInput (`effort_unsupported`) for a model that is known not to reason."""
        ...


def chosen_models(
    models: Models, agent: Agent | None, asked: str | None, options: RunOptions
) -> tuple[str, RunOptions]:
    """Return the run's model, and its options with the models to fall back on in them.

    So the run's row says all, and any worker uses the same. Raises InvalidInput for a model that the caller
    or the agent named and that cannot be used.
    """
    model = asked or (agent.model if agent else None) or models.default()
    models.check(model)
    if options.effort not in (None, "none"):
        models.check_effort(model)
    named = options.fallback_models
    if named is None and agent is not None:
        named = fallback_models(agent.settings)
    if named is None:
        found = () if model == DEMO_MODEL else models.fallbacks(model)
    else:
        found = tuple(other for other in dict.fromkeys(named) if other != model)
        _check(models, found)
    return model, options.model_copy(update={"fallback_models": found})


def _check(models: Models, named: Sequence[str]) -> None:
    for model in named:
        if model == DEMO_MODEL:
            raise InvalidInput(
                "The demo is a script and cannot go on with what a model began.",
                hint="Name real models as `fallback_models`, or none.",
                code="fallback_invalid",
            )
        models.check(model)
