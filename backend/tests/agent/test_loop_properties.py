"""Random scripts, dialects and deaths: the laws of a run hold for all of them."""

import asyncio
from itertools import pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Finished
from factotum.llm.faults import ModelFault
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect
from factotum.testing.memory_journal import Fate, Moment
from factotum.testing.scripted_gateway import Reply, reply
from tests.agent.agent_support import World, check_laws, check_prefixes
from tests.agent.scenarios import LEAVE, act, carry, check_effects

DIALECTS: st.SearchStrategy[Dialect] = st.sampled_from(("native", "invoke", "tag"))
MOMENTS: st.SearchStrategy[Moment] = st.sampled_from(("before", "after"))
NAMES = st.sampled_from(("look", "put", "send", "fail", "plan", "ask"))

TURN = st.one_of(
    st.lists(NAMES, min_size=1, max_size=4),
    st.sampled_from(("length", "broken", "empty", "broken late")),
)
DEATHS = st.lists(st.tuples(st.integers(1, 60), MOMENTS), max_size=4)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    turns=st.lists(TURN, max_size=4),
    completes=st.booleans(),
    dialect=DIALECTS,
    parallel=st.booleans(),
    on_stream=st.booleans(),
    step_limit=st.sampled_from((1, 2, 50)),
    wish=st.sampled_from(("Go on", "Faster.")),
    deaths=DEATHS,
)
def test_every_run_keeps_the_laws(
    turns: list[list[str] | str],
    completes: bool,
    dialect: Dialect,
    parallel: bool,
    on_stream: bool,
    step_limit: int,
    wish: str,
    deaths: list[tuple[int, Moment]],
) -> None:
    # A rest that says nothing ends the answer (test_continuing.py), and with it the run.
    assume(("length", "empty") not in pairwise(turns))
    config = ProcessorConfig(
        dialect=dialect,
        tool_execution_strategy="parallel" if parallel else "sequential",
        execute_on_stream=on_stream,
        budget=Budget(steps=step_limit),
        max_stream_retries=1,
    )
    world = World(config)
    script = [_turn(turn, number, dialect) for number, turn in enumerate(turns)]
    last = act(dialect, "complete") if completes else reply("It is done.")
    answers = {"question": "Blue", "unknown_outcome": LEAVE, "budget": wish, "stuck": "Try another way"}

    carried = asyncio.run(carry(world, [*script, last], answers, [Fate(at, moment) for at, moment in deaths]))

    assert isinstance(carried.end, Finished)
    assert carried.end.reason == ("complete" if completes else "answered")
    if not (carried.deaths or on_stream):
        assert world.run.step == len(script) + 1 - turns.count("length")
    check_laws(world)
    check_effects(world)
    check_prefixes(carried.gateway.requests)


def _turn(turn: list[str] | str, number: int, dialect: Dialect) -> Reply | list[Reply]:
    match turn:
        case "length":
            return reply(f"Part {number}, ", stop="length")
        case "broken":
            fault = ModelFault("broken_stream", "It broke.", partial=True)
            return [reply("Half", fault), act(dialect, f"send:after{number}")]
        case "broken late":
            fault = ModelFault("stalled", "It stalled.", partial=True)
            half = act(dialect, f"send:half{number}").pieces[:-2]
            return [reply(*half, "More to", fault), act(dialect, f"send:half{number}", f"look:{number}")]
        case "empty":
            return [reply(" "), act(dialect, f"put:after{number}")]
        case _:
            named = [f"{name}:{number}.{place}" for place, name in enumerate(turn)]
            return act(dialect, *named)
