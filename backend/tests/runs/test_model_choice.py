"""Which models a run gets: its caller's, its agent's, the service's; and a run that falls back for real."""

import pytest

from factotum.core.errors import InvalidInput
from factotum.llm.port import FallbackChunk
from factotum.protocol.events import ModelChanged
from factotum.protocol.runs import RunOptions
from factotum.runs.model_choice import chosen_models
from factotum.runs.service import NewRun
from factotum.store.agents import Agents
from tests.runs.played import says
from tests.runs.stage import Stage


async def _agent(stage: Stage, **settings: object) -> str:
    async with stage.database.tenant(stage.caller) as tx:
        agents = Agents(tx)
        return (await agents.create(stage.account_id, "A", model="m", settings=dict(settings))).id  # pyright: ignore[reportArgumentType] - JSON


@pytest.mark.parametrize(
    ("asked", "model", "of_agent", "found"),
    [
        (None, "with-spare", None, ("spare",)),
        (["b", "a", "b", "with-spare"], "with-spare", None, ("b", "a")),
        ([], "with-spare", None, ()),
        (None, "with-spare", ["c"], ("c",)),
        (["b"], None, ["c"], ("b",)),
        (None, "demo", None, ()),
    ],
)
async def test_the_nearest_choice_counts(
    stage: Stage,
    asked: list[str] | None,
    model: str | None,
    of_agent: list[str] | None,
    found: tuple[str, ...],
) -> None:
    """The run's row holds the models that it may fall back on, so that every worker uses the same."""
    agent = await _agent(stage, fallback_models=of_agent) if of_agent is not None else None
    options = RunOptions(fallback_models=None if asked is None else tuple(asked))
    new = NewRun("Do it.", model, agent, options)
    run, _ = await stage.service.submit(stage.caller, await stage.thread(), new)
    assert (await stage.get(run)).options.fallback_models == found
    assert run.model == (model or "m")


@pytest.mark.parametrize(
    ("options", "model", "code"),
    [
        (RunOptions(fallback_models=("nope",)), "m", "model_unknown"),
        (RunOptions(fallback_models=("demo",)), "m", "fallback_invalid"),
        (RunOptions(effort="low"), "plain", "effort_unsupported"),
    ],
)
async def test_a_choice_that_cannot_be_used_is_refused(
    stage: Stage, options: RunOptions, model: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        chosen_models(stage.models, None, model, options)
    assert raised.value.stable_code == code


async def test_no_effort_is_taken_by_all(stage: Stage) -> None:
    """Whoever does not reason can be told not to."""
    assert chosen_models(stage.models, None, "plain", RunOptions(effort="none"))[0] == "plain"


async def test_an_agents_settings_that_make_no_sense_are_refused(stage: Stage) -> None:
    agent = await _agent(stage, fallback_models="one")
    with pytest.raises(InvalidInput, match="list of models"):
        await stage.service.submit(stage.caller, await stage.thread(), NewRun("Do it.", agent_id=agent))


async def test_who_answered_is_kept_with_the_message_and_told(stage: Stage) -> None:
    """The request names what to fall back on and the thread; the stored message names who wrote it."""
    stage.gateway.turns = [[FallbackChunk("spare", "It was away."), *says("Done.")]]
    run = await stage.submit(fallback_models=["spare", "xml-only"], effort="low")
    await stage.carry(run)
    (request,) = stage.gateway.requests
    assert request.fallbacks == ("spare", "xml-only")
    assert (request.effort, request.cache_key) == ("low", run.thread_id)
    assert request.tools == (), "one of the models takes no native tools"
    assert [message.model for message in await stage.messages(run)] == [None, "spare"]
    changes = [event for event in await stage.events(run) if isinstance(event, ModelChanged)]
    assert [(change.from_model, change.to_model) for change in changes] == [("played", "spare")]
    await stage.assert_whole(run)
