"""Decides from a request alone which turn is played: the same request always gets the same answer.

Law: no memory is asked. A scenario opens at a message that a person wrote; its turn is the number of
assistant messages since. What programs write in the user's place (results of XML calls, the context at the
tail) opens nothing; it is known by how it starts.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import JsonValue

from factotum.testing.provider.refusal import Refusal
from factotum.testing.provider.script import Scenario, Script, Turn

MACHINE_MARKERS = ("<tool_result ", "<tool_result>", "<context", "<system-reminder", "<system_reminder")
"""How a text in the user's place starts when a program wrote it."""

_SUMMARY = re.compile(r"^The earlier part of .*, (\d+) of them yours\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a request, without its vendor's form. `texts`: its blocks, calls and results too."""

    role: Literal["user", "assistant", "tool"]
    texts: tuple[str, ...]

    @property
    def person(self) -> str | None:
        """What a person wrote in it, or None."""
        if self.role != "user":
            return None
        texts = [text for text in self.texts if not text.lstrip().startswith(MACHINE_MARKERS)]
        return "\n".join(texts) if texts else None

    @property
    def turns(self) -> int:
        """How many of the model's messages it is; a summary says how many it stands for."""
        if self.role == "user":
            found = (_SUMMARY.search(text) for text in self.texts if text.startswith("<context>"))
            return sum(int(match[1]) for match in found if match is not None)
        return int(self.role == "assistant")


@dataclass(frozen=True)
class Conversation:
    """The messages of a request, without the system prompt."""

    entries: tuple[Entry, ...]

    @cached_property
    def key(self) -> str:
        """A name for exactly this conversation: 24 hexadecimal digits, the same for the same messages."""
        digest = hashlib.blake2b(digest_size=12)
        for entry in self.entries:
            for text in (entry.role, *entry.texts):
                digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()

    @property
    def characters(self) -> int:
        """How many characters its texts have."""
        return sum(len(text) for entry in self.entries for text in entry.texts)

    @property
    def news(self) -> str:
        """What came since the model's last answer."""
        return "\n".join(text for entry in self.entries[self._last_answer() :] for text in entry.texts)

    def _last_answer(self) -> int:
        places = [place for place, entry in enumerate(self.entries, 1) if entry.role == "assistant"]
        return places[-1] if places else 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The turn that a request asks for; `number` counts from 0."""

    scenario: Scenario
    number: int
    turn: Turn


def choose(script: Script, conversation: Conversation) -> Chosen:
    """Return the turn that `conversation` asks for.

    The last message of a person that a scenario matches opens that scenario; one that none matches (a remark
    during the work) leaves the open scenario as it is. If none matches at all, the first scenario opens at
    the last message of a person. Raises Refusal when the scenario has no such turn.
    """
    scenario, opening = _opening(script, conversation.entries)
    number = sum(entry.turns for entry in conversation.entries[opening:])
    if number >= len(scenario.turns):
        raise Refusal(
            "bad_request",
            f"The script has run dry: scenario '{scenario.name}' was asked for turn {number + 1} and has"
            f" {len(scenario.turns)}.",
            code="script_ran_dry",
        )
    return Chosen(scenario, number, scenario.turns[number])


def check_length(conversation: Conversation, chosen: Chosen) -> None:
    """Raise Refusal when the conversation is longer than the scenario's model reads."""
    longest = chosen.scenario.longest
    if longest is not None and conversation.characters > longest:
        raise Refusal("context_overflow")


def check_expected(pattern: str | None, conversation: Conversation, chosen: Chosen) -> None:
    """Raise Refusal when what came since the last answer lacks what the turn expects."""
    if pattern is not None and re.search(pattern, conversation.news) is None:
        raise Refusal(
            "bad_request",
            f"The script stops: scenario '{chosen.scenario.name}', turn {chosen.number + 1} expects"
            f" /{pattern}/ and was sent: {conversation.news[:500]}",
            code="script_unexpected",
        )


def part_text(part: Mapping[str, JsonValue]) -> str:
    """Return the text that stands for a part of a message; for an image its digest, which opens nothing."""
    if part.get("type") in ("image", "image_url"):
        return f"<context image {hashlib.sha256(str(part).encode()).hexdigest()[:16]}>"
    return str(part.get("text") or part)


def _opening(script: Script, entries: Sequence[Entry]) -> tuple[Scenario, int]:
    persons = [(place, text) for place, entry in enumerate(entries) if (text := entry.person) is not None]
    for place, text in reversed(persons):
        for scenario in script.scenarios:
            if scenario.match is None or re.search(scenario.match, text, re.IGNORECASE):
                return scenario, place
    return script.scenarios[0], persons[-1][0] if persons else 0
