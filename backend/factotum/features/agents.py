"""Agents: an account's named choices of model, instructions and settings."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Protocol

from pydantic import Field, JsonValue, StringConstraints, TypeAdapter, ValidationError

from factotum.core.errors import InvalidInput
from factotum.core.frozen import Frozen
from factotum.features.accounts import own_account
from factotum.features.ids import cursor
from factotum.features.networks import check_network
from factotum.features.pages import Name, Page, PageRequest, next_after
from factotum.features.policies import check_policy
from factotum.protocol.runs import MOST_FALLBACKS, ModelName
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.records import Agent, Caller

_FALLBACKS: TypeAdapter[tuple[ModelName, ...]] = TypeAdapter(
    Annotated[tuple[ModelName, ...], Field(max_length=MOST_FALLBACKS)]
)
Instructions = Annotated[str, StringConstraints(max_length=100_000)]


class NewAgent(Frozen):
    """What an agent is made of. No model: the one of the service."""

    name: Name
    model: ModelName | None = None
    instructions: Instructions = ""
    settings: dict[str, JsonValue] = Field(default_factory=dict)


class AgentChange(Frozen):
    """What can be changed of an agent; what is left out stays."""

    name: Name = ""
    model: ModelName | None = None
    instructions: Instructions = ""
    settings: dict[str, JsonValue] = Field(default_factory=dict)


def fallback_models(settings: Mapping[str, JsonValue]) -> tuple[str, ...] | None:
    """Return what an agent's settings name as `fallback_models`; None when they do not.

    Raises InvalidInput (`fallback_invalid`) for anything but a list of a few names.
    """
    named = settings.get("fallback_models")
    if named is None:
        return None
    try:
        return _FALLBACKS.validate_python(named)
    except ValidationError as error:
        raise InvalidInput(
            "An agent's `fallback_models` must be a list of models' names.",
            hint=f"Name at most {MOST_FALLBACKS}, as GET /v1/models lists them, best first.",
            code="fallback_invalid",
        ) from error


def _fallbacks(settings: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    for place, model in enumerate(fallback_models(settings) or ()):
        yield f"settings.fallback_models.{place}", model


class AgentPage(Page[Agent]):
    """A page of agents, newest first."""


class ModelCheck(Protocol):
    """What must be known of models to define an agent."""

    def check(self, model: str) -> None:
        """Raise InvalidInput (`model_unknown`, `model_key_missing`) for a model that cannot be used."""
        ...


class AgentService:
    """The caller's agents."""

    def __init__(self, database: Database, models: ModelCheck) -> None:
        self._database = database
        self._models = models

    async def create(self, caller: Caller, new: NewAgent) -> Agent:
        """Make one in the caller's own account. Raises InvalidInput for its models or its policy."""
        self._check(new.model, new.settings)
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            return await Agents(tx).create(
                account.id,
                new.name,
                model=new.model,
                instructions=new.instructions,
                settings=dict(new.settings),
            )

    async def get(self, caller: Caller, agent_id: str) -> Agent:
        """Return one. Raises NotFound (`agent_not_found`)."""
        async with self._database.tenant(caller) as tx:
            return await Agents(tx).get(agent_id)

    async def list(self, caller: Caller, page: PageRequest) -> AgentPage:
        """Return a page. Raises InvalidInput (`invalid_cursor`)."""
        async with self._database.tenant(caller) as tx:
            found = await Agents(tx).list(after=cursor(page.after), limit=page.limit)
        last = found[-1].id if found else ""
        return AgentPage(items=tuple(found), next=next_after(found, page.limit, last))

    async def change(self, caller: Caller, agent_id: str, change: AgentChange) -> Agent:
        """Change what is given. Raises NotFound, Forbidden, InvalidInput for its models or its policy."""
        self._check(change.model, change.settings)
        given = {name: getattr(change, name) for name in change.model_fields_set}
        async with self._database.tenant(caller) as tx:
            agents = Agents(tx)
            return await agents.change((await agents.get(agent_id)).model_copy(update=given))

    def _check(self, model: str | None, settings: Mapping[str, JsonValue]) -> None:
        check_policy(settings)
        check_network(settings)
        for field, named in (("model", model), *_fallbacks(settings)):
            if named is not None:
                self._check_model(named, field)

    def _check_model(self, model: str, field: str) -> None:
        try:
            self._models.check(model)
        except InvalidInput as fault:
            fault.field = field
            raise

    async def delete(self, caller: Caller, agent_id: str) -> None:
        """Delete it; threads and runs that named it stay. Raises NotFound, Forbidden."""
        async with self._database.tenant(caller) as tx:
            await Agents(tx).delete(agent_id)
