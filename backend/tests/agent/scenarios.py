"""Scripted runs that touch every path of the loop, and a driver that lets their processes die."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from factotum.agent.config import ProcessorConfig
from factotum.agent.outcome import Awaiting, Finished, HandedOver
from factotum.agent.policy import Policy
from factotum.llm.faults import ModelFault
from factotum.llm.port import FallbackChunk
from factotum.llm.prices import FREE, Tier
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.policy import Rules
from factotum.testing.memory_journal import Fate, ProcessDied
from factotum.testing.scripted_gateway import Item, NativeCall, Reply, TurnGateway, call, reasoning, reply
from tests.agent.agent_support import NAMED, World

Turns = Sequence[Reply | Sequence[Reply]]
Answers = Mapping[str, str]

DONE = "It is done."
_LONG = "Word upon word. " * 100
LEAVE = "Leave it and go on"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the model says turn by turn in a dialect, and how the run is set up and answered."""

    turns: Callable[[Dialect], Turns]
    config: Mapping[str, object] = field(default_factory=dict[str, object])
    same_after_death: bool = True
    """Whether a model that is asked again says the same again: not when half of what it said is kept."""
    rules: Rules | None = None
    decisions: Mapping[str, str] = field(default_factory=dict[str, str])
    window: int = 128_000
    summary: Reply | None = None
    limit_answer: str = "Extend by the same again"
    stuck_answer: str = "Try another way"

    def world(self, dialect: Dialect) -> World:
        config = ProcessorConfig(dialect=dialect, **self.config)  # pyright: ignore[reportArgumentType] - by name
        rules = (self.rules,) if self.rules else ()
        return World(config, rules=rules, decisions=self.decisions, window=self.window)

    def answers(self) -> Answers:
        return {
            "question": "Blue",
            "hand_over": "The person had the browser for 42 s and handed it back.",
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
            "browser_hand_over": {"task": "Sign in.", "reason": "Only you can."},
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


def _broken_late(dialect: Dialect) -> Reply:
    fault = ModelFault("stalled", "It stalled.", partial=True)
    return reply(*act(dialect, "send:a", "look:b").pieces[:-2], "And so", fault)


def _falling_back(dialect: Dialect) -> Turns:
    spare = FallbackChunk("spare", "It was away.")
    again = reply(spare, "Half of", ModelFault("broken_stream", "It broke.", partial=True))
    first = act(dialect, "look:a", "send:b")
    return [[again, Reply((spare, *first.pieces))], act(dialect, "put:c"), reply(DONE)]


def _too_long(dialect: Dialect) -> Turns:
    """The provider refuses a request that seemed to fit, twice."""
    refused = reply(ModelFault("context_overflow", "It is too long."))
    pages = [act(dialect, f"page:{name}") for name in "abc"]
    return [*pages, [refused, refused, act(dialect, "send:d")], reply(DONE)]


def _cut_in_a_call(dialect: Dialect) -> Turns:
    """The limit of length cuts a call twice; one in the provider's own form cannot be gone on with."""
    if dialect == "native":
        half = reply("Now. ", NativeCall("send", '{"text": "'), stop="length")
        return [half, act(dialect, "send:a", text=""), act(dialect, "put:b"), reply(DONE)]
    written = f"Now. {call(NAMED['send'], {'text': 'a'}, dialect)}".rstrip()
    broken = reply(written[9:12], ModelFault("stalled", "It stalled.", partial=True))
    return [
        reply(written[:9], stop="length"),
        [broken, reply(written[9:-5], stop="length")],
        reply(written[-5:]),
        act(dialect, "put:b"),
        reply(DONE),
    ]


TINY = replace(FREE, tiers=(Tier(0, 1e-9, 1e-9),))
"""A price at which what is reserved hardly counts."""


SCENARIOS: Mapping[str, Scenario] = {
    "every effect": Scenario(
        lambda d: [act(d, "look:a", "put:b", "send:c"), act(d, "send:d"), act(d, "complete", "send:late")]
    ),
    "images": Scenario(
        lambda d: [act(d, "show:a", "look:b"), act(d, "show:c", "show:a"), act(d, "put:d"), reply(DONE)],
        {"vision": True},
    ),
    "an answer": Scenario(lambda _: [reply(DONE)]),
    "a hand-over": Scenario(
        lambda d: [act(d, "put:a", "browser_hand_over", "send:late"), act(d, "send:b"), reply(DONE)]
    ),
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
    "cut and broken": Scenario(
        lambda d: [
            reply("One, ", stop="length"),
            [reply("tw", ModelFault("stalled", "It stalled.", partial=True)), reply("two, ", stop="length")],
            act(d, "look:a", text="three. "),
            reply(DONE),
        ]
    ),
    "cut in a call": Scenario(_cut_in_a_call),
    "on stream": Scenario(
        lambda d: [act(d, "look:a", "send:b", "put:c"), act(d, "send:d", "look:e"), reply(DONE)],
        {"execute_on_stream": True},
        same_after_death=False,
    ),
    "on stream, side by side": Scenario(
        lambda d: [act(d, "send:a", "look:b", "send:c"), act(d, "put:d", "ask", "send:e"), reply(DONE)],
        {"execute_on_stream": True, "tool_execution_strategy": "parallel"},
        same_after_death=False,
    ),
    "on stream and broken": Scenario(
        lambda d: [_broken_late(d), act(d, "ask", "send:late"), act(d, "complete")],
        {"execute_on_stream": True},
        same_after_death=False,
    ),
    "on stream, asked first": Scenario(
        lambda d: [act(d, "look:a", "send:b", "put:c"), act(d, "put:d", "send:e"), reply(DONE)],
        {"execute_on_stream": True},
        rules=Rules(ask=("send",)),
        decisions={"e": "deny"},
        same_after_death=False,
    ),
    "asked first": Scenario(
        lambda d: [act(d, "look:a", "send:b", "put:c", "send:d"), act(d, "send:e", "look:f"), reply(DONE)],
        rules=Rules(ask=("send",)),
        decisions={"d": "deny", "e": "edit"},
    ),
    "asked side by side": Scenario(
        lambda d: [act(d, "send:a", "put:b", "send:c", "look:d"), act(d, "send:e", "ask"), reply(DONE)],
        {"tool_execution_strategy": "parallel"},
        rules=Rules(ask=("send",), deny=("look",)),
        decisions={"a": "expire", "c": "edit"},
    ),
    "asked and allowed for good": Scenario(
        lambda d: [act(d, "put:a", "send:b"), act(d, "send:c", "put:d"), act(d, "complete", "send:e")],
        rules=Rules(default="ask", allow=("look",)),
        decisions={"a": "always", "b": "always"},
    ),
    "a model that falls back": Scenario(_falling_back),
    "a limit": Scenario(
        lambda d: [act(d, "look:a"), act(d, "send:b"), act(d, "put:c"), reply(DONE)],
        {"budget": Budget(steps=1)},
    ),
    "a limit and a wish": Scenario(
        lambda d: [act(d, "look:a"), reply("Cut ", stop="length"), act(d, "put:c"), reply(DONE)],
        {"budget": Budget(steps=2)},
        limit_answer="Faster, please.",
    ),
    "a limit and no more": Scenario(
        lambda d: [act(d, "look:a"), act(d, "put:b"), reply("Never said.")],
        {"budget": Budget(steps=2)},
        limit_answer=" stop here ",
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
    "a full window": Scenario(
        lambda d: [*(act(d, f"page:{n}", f"send:{n}", text=f"Then {n}. ") for n in "abcd"), reply(DONE)],
        window=3_400,
    ),
    "a full window and no summary": Scenario(
        lambda d: [*(act(d, f"put:{n}", text=f"Then {n}: {_LONG} ") for n in "abcd"), reply(DONE)],
        window=2_600,
        summary=reply(ModelFault("overloaded", "Not now.")),
    ),
    "refused as too long": Scenario(_too_long),
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


async def carry(
    world: World,
    turns: Turns,
    answers: Answers,
    fates: Iterable[Fate] = (),
    summary: Reply | None = None,
) -> Carried:
    """Carry a run to its end, in as many attempts as it takes. A new fate begins when one has killed."""
    gateway = TurnGateway(turns, summary)
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
                if question.reason == "approval":
                    decide(world)
                else:
                    world.run.reply(answers[question.reason])
            case HandedOver():
                raise AssertionError("nobody drains here")


def decide(world: World) -> None:
    """Decide about all that waits: by its text, as the world says, else approve it once."""
    assert world.run.approvals.pending
    for approval in world.run.approvals.pending:
        text = str(approval.arguments.get("text"))
        match world.decisions.get(text, "once"):
            case "deny":
                world.run.approvals.deny(approval.call_id, "Not today.")
            case "expire":
                world.run.approvals.expire(approval.call_id)
            case "always":
                world.run.approvals.approve(approval.call_id, scope="always")
            case "edit":
                world.run.approvals.approve(approval.call_id, edited={**approval.arguments, "copies": 7})
            case _:
                world.run.approvals.approve(approval.call_id)


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
        if message.is_about_context:
            continue  # Counts differ a little between two runs, by their ids.
        calls = [(made.name, made.arguments, made.fault) for made in message.calls]
        results = [
            (part.name, part.output, part.outcome)
            for part in message.parts
            if isinstance(part, ToolResultPart)
        ]
        said.append((message.role, results or (message.text, calls)))
    return said


def check_effects(world: World) -> None:
    """Nothing unsafe happened twice, what is said to have happened did, what was finished stayed so.

    Nothing happened that the log does not know.
    """
    _check_approved(world)
    did = Counter(world.done)
    said = {
        f"{made.name} {made.arguments['text']}"
        for message in world.messages
        for made in message.calls
        if "text" in made.arguments
    }
    assert did.keys() <= said
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


def _check_approved(world: World) -> None:
    """What a rule asks about happened only if it was approved, and with the arguments that were."""
    did, approvals = Counter(world.done), world.run.approvals.by_call
    for approval in approvals.values():
        if approval.status != "approved":
            assert did[f"{approval.tool} {approval.arguments.get('text')}"] == 0, approval
        result = world.results().get(approval.call_id)
        if approval.edited_arguments and result is not None and result.outcome == "ok":
            assert "with other arguments" in result.output
            assert result.output.endswith("x7")
    policy, lifted = Policy(*world.rules), {a.pattern for a in approvals.values() if a.scope == "always"}
    for made in [made for message in world.messages for made in message.calls if made.fault is None]:
        verdict = policy.judge(NAMED[made.name], made.arguments, lifted)
        if verdict.action != "allow" and made.call_id not in approvals:
            assert did[f"{made.name} {made.arguments['text']}"] == 0, made
