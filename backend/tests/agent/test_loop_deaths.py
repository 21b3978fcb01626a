"""Kill -9 after and before every single operation of a run: another attempt goes on, and the laws hold.

Every fourth place is tried, before it and, two places on, after it; each scenario begins at another place,
for what they do has the same few kinds of places. Since the dialect changes nothing of where a run can die,
it is every twelfth with other than native calls. `make deaths` tries all.
"""

import pytest

from factotum.agent.outcome import Finished
from factotum.protocol.dialect import Dialect
from factotum.testing.memory_journal import Fate, Moment
from tests.agent.agent_support import World, check_laws, check_prefixes, check_shown, check_window, decisions
from tests.agent.scenarios import SCENARIOS, Carried, carry, check_effects, transcript


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("dialect", ["native", "invoke", "tag"])
@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_run_goes_on_wherever_its_process_dies(
    name: str, dialect: Dialect, moment: Moment, pytestconfig: pytest.Config
) -> None:
    scenario = SCENARIOS[name]
    reference, whole = scenario.world(dialect), Fate()
    turns, answers, summary = scenario.turns, scenario.answers(), scenario.summary
    expected = await carry(reference, turns(dialect), answers, [whole, whole], summary)
    _check(reference, expected)
    assert whole.done > 2

    places = range(1, whole.done + 1)
    if not pytestconfig.getoption("--every-death"):
        places = _some(places, 4 if dialect == "native" else 12, list(SCENARIOS).index(name), moment)
    for at in places:
        world, fate = scenario.world(dialect), Fate(at, moment)
        carried = await carry(world, turns(dialect), answers, [fate], summary)
        assert carried.deaths == 1, at
        _check(world, carried)
        assert _end(carried) == _end(expected), at
        if not scenario.same_after_death:
            assert set(carried.asked) <= {"unknown_outcome", *expected.asked}
        elif carried.was_unsure:
            assert "unknown" in {part.outcome for part in world.results().values()}
            assert [reason for reason in carried.asked if reason != "unknown_outcome"] == expected.asked
        else:
            assert carried.asked == expected.asked, at
            assert sorted(map(repr, transcript(world))) == sorted(map(repr, transcript(reference))), at


@pytest.mark.parametrize("name", ["every effect", "side by side", "a limit and a wish", "on stream"])
async def test_a_run_goes_on_though_its_next_process_dies_too(name: str, pytestconfig: pytest.Config) -> None:
    scenario = SCENARIOS[name]
    every = bool(pytestconfig.getoption("--every-death"))
    for first in range(1, 24, 3):
        for second in range(1, 9):
            if (first + second) % 2 and not every:
                continue
            world = scenario.world("native")
            fates = [Fate(first), Fate(second, "before")]
            carried = await carry(world, scenario.turns("native"), scenario.answers(), fates)
            _check(world, carried)
            assert carried.deaths == 2, (first, second)


async def test_the_scenarios_reach_the_unsafe_calls() -> None:
    """The suite above would prove nothing about law 6 if no death left an unsafe call in doubt."""
    scenario = SCENARIOS["every effect"]
    unsure = 0
    for at in range(1, 60):
        world = scenario.world("native")
        carried = await carry(world, scenario.turns("native"), scenario.answers(), [Fate(at, "before")])
        unsure += carried.was_unsure
    assert (
        unsure == 4
    )  # two calls, each in doubt when its start was stored: before it is shown, and when it ends


def _some(places: range, step: int, start: int, moment: Moment) -> range:
    """Every `step`-th place, from another one for each `start` and moment; at least one."""
    first = (start + (step // 2 if moment == "after" else 0)) % min(step, len(places))
    return places[first::step]


def _check(world: World, carried: Carried) -> None:
    check_effects(world)
    requests = [request for request in carried.gateway.requests if request.messages]
    check_prefixes(requests, len(decisions(world)))
    check_window(world, requests)
    if isinstance(carried.end, Finished):
        check_laws(world)
    else:
        check_shown(world)


def _end(carried: Carried) -> object:
    end = carried.end
    if not isinstance(end, Finished):
        return end
    return end.reason, end.deliverables, end.closing.result if end.closing else None
