"""Scripted runs that touch every path of the loop, and a driver that lets their processes die."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Awaiting, Finished, HandedOver
from factotum.llm.faults import ModelFault
from factotum.llm.prices import FREE, Tier
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import ToolResultPart
from factotum.testing.memory_journal import Fate, ProcessDied
from factotum.testing.scripted_gateway import Item, Reply, TurnGateway, call, reasoning, reply
from tests.agent.agent_support import NAMED, World

Turns = Sequence[Reply | Sequence[Reply]]
Answers = Mapping[str, str]

DONE = "It is done."
LEAVE = "Leave it and go on"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the model says turn by turn in a dialect, and how the run is set up and answered."""

    turns: Callable[[Dialect], Turns]
    config: Mapping[str, object] = field(default_factory=dict[str, object])
    limit_answer: str = "Extend by the same again"
    stuck_answer: str = "Try another way"

    def world(self, dialect: Dialect) -> World:
        return World(ProcessorConfig(dialect=dialect, **self.config))  # pyright: ignore[reportArgumentType] - by name

    def answers(self) -> Answers:
        return {
            "question": "Blue",
            "unknown_outcome": LEAVE,
            "budget": self.limit_answer,
            "stuck": self.stuck_answer,
        }


def act(dialect: Dialect, *names: str, text: str = "Now. ") -> Reply:
    """A reply that says something and calls tools; a name may carry its text: `send:a`."""
    items: list[Item] = [text]
    for number, written in enumerate(names):
        name, _, about = written.partition(":")
        arguments = {
            "ask": {"question": "Red or blue?"},
            "complete": {"summary": "All done."},
            "plan": {},
        }.get(name, {"text": about or f"{name}{number}"})
        items.append(call(NAMED[name], arguments, dialect))
    return reply(*items)


def _broken(dialect: Dialect) -> Turns:
    fault = ModelFault("broken_stream", "It broke.", partial=True)
    return [
        [reply(reasoning("Hm."), "Half of", fault), reply(reasoning("Hm."), "Half no more.", stop="length")],
        act(dialect, "plan", "put:a"),
        reply(DONE),
    ]


TINY = replace(FREE, tiers=(Tier(0, 1e-9, 1e-9),))
"""A price at which what is reserved hardly counts."""


SCENARIOS: Mapping[str, Scenario] = {
    "every effect": Scenario(
        lambda d: [act(d, "look:a", "put:b", "send:c"), act(d, "send:d"), act(d, "complete", "send:late")]
    ),
    "an answer": Scenario(lambda _: [reply(DONE)]),
    "a question": Scenario(lambda d: [act(d, "put:a", "ask", "send:late"), act(d, "send:b"), reply(DONE)]),
    "side by side": Scenario(
        lambda d: [act(d, "look:a", "send:b", "put:c"), act(d, "look:d", "ask"), reply(DONE)],
        {"tool_execution_strategy": "parallel"},
    ),
    "cut and continued": Scenario(
        lambda _: [reply("One, ", stop="length"), reply("two, ", stop="length"), reply("three.")]
    ),
    "cut to the bound": Scenario(
        lambda _: [reply("One, ", stop="length"), reply("two, ", stop="length"), reply("Never said.")],
        {"native_max_auto_continues": 1},
    ),
    "filtered": Scenario(lambda d: [act(d, "look:a"), reply("Well, ", stop="content_filter")]),
    "broken and retried": Scenario(_broken),
    "a limit": Scenario(
        lambda d: [act(d, "look:a"), act(d, "send:b"), act(d, "put:c"), reply(DONE)],
        {"budget": Budget(steps=1)},
    ),
    "a limit and a wish": Scenario(
        lambda d: [act(d, "look:a"), reply("Cut ", stop="length"), act(d, "put:c"), reply(DONE)],
        {"budget": Budget(steps=2)},
        "Faster, please.",
    ),
    "a limit and no more": Scenario(
        lambda d: [act(d, "look:a"), act(d, "put:b"), reply("Never said.")],
        {"budget": Budget(steps=2)},
        " stop here ",
    ),
    "the money is spent": Scenario(
        lambda d: [act(d, "look:a"), act(d, "send:b"), act(d, "put:c"), reply(DONE)],
        {"budget": Budget(cost_usd=0.4), "price": TINY},
    ),
    "going round": Scenario(lambda d: [*[act(d, "plan") for _ in range(4)], act(d, "send:b"), reply(DONE)]),
    "going round, told another way": Scenario(
        lambda d: [*[reply(call(NAMED["fail"], {}, d)) for _ in range(3)], act(d, "send:b"), reply(DONE)],
        stuck_answer="Use the other tool.",
    ),
    "going round to the end": Scenario(
        lambda d: [act(d, "plan") for _ in range(4)], stuck_answer="Stop here"
    ),
}


@dataclass(slots=True)
class Carried:
    """How a run went: its end, what was asked, how often processes died, and the requests that were made."""

    end: Finished | str
    asked: list[str]
    deaths: int
    gateway: TurnGateway

    @property
    def was_unsure(self) -> bool:
        return "unknown_outcome" in self.asked


async def carry(world: World, turns: Turns, answers: Answers, fates: Iterable[Fate] = ()) -> Carried:
    """Carry a run to its end, in as many attempts as it takes. A new fate begins when one has killed."""
    gateway = TurnGateway(turns)
    waiting = iter(fates)
    fate = next(waiting, Fate())
    carried = Carried("", [], 0, gateway)
    took_over = False
    while True:
        try:
            outcome = await world.work(gateway, took_over=took_over, fate=fate)
        except ProcessDied:
            _none_runs_twice(world, carried)
            took_over, fate = True, next(waiting, Fate())
            carried.deaths += 1
            continue
        except ModelFault as fault:
            carried.end = fault.kind
            return carried
        took_over = False
        match outcome:
            case Finished():
                carried.end = outcome
                return carried
            case Awaiting(question=question):
                carried.asked.append(question.reason)
                world.run.reply(answers[question.reason])
            case HandedOver():
                raise AssertionError("nobody drains here")


def _none_runs_twice(world: World, carried: Carried) -> None:
    """Note, at a death, how often that was done which is finished now: it must not be done again."""
    finished = {call_id for call_id, record in world.run.ledger.items() if record.state == "finished"}
    for message in world.messages:
        for made in message.calls:
            if made.call_id in finished and "text" in made.arguments:
                world.settled[f"{made.name} {made.arguments['text']}"] = Counter(world.done)[
                    f"{made.name} {made.arguments['text']}"
                ]


def transcript(world: World) -> list[tuple[str, object]]:
    """The log without what differs between two runs of one script: ids and times."""
    said: list[tuple[str, object]] = []
    for message in world.messages:
        calls = [(made.name, made.arguments, made.fault) for made in message.calls]
        results = [
            (part.name, part.output, part.outcome)
            for part in message.parts
            if isinstance(part, ToolResultPart)
        ]
        said.append((message.role, results or (message.text, calls)))
    return said


def check_effects(world: World) -> None:
    """Nothing unsafe happened twice, what is said to have happened did, what was finished stayed so."""
    did = Counter(world.done)
    for what, count in did.items():
        if what.startswith("send "):
            assert count == 1, what
    for what, count in world.settled.items():
        assert did[what] == count, what
    for message in world.messages:
        for made in message.calls:
            result = world.results().get(made.call_id)
            if result is not None and result.outcome == "ok" and made.name in {"look", "put", "send"}:
                assert did[f"{made.name} {made.arguments['text']}"] >= 1
