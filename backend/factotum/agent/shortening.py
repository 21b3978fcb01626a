"""Chooses what goes when a window is nearly full: outputs by reference, then turns by summary. Pure."""

from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Final

from factotum.agent.references import Shortened, outputs, words
from factotum.agent.transcript import Count, Transcript, tokens_of
from factotum.agent.window import Bounds
from factotum.protocol.messages import Message

_PROTECTED_STEPS: Final = (2, 1)
"""How many of the newest steps are left as they are, if the goal can be reached so."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What goes: texts by reference, named by ids; the segments before `cut` by summary, if it is set."""

    references: tuple[str, ...] = ()
    cut: int | None = None


@dataclass(frozen=True, slots=True)
class _Saving:
    id: str
    tokens: int
    segment: int


def decide(transcript: Transcript, count: Count, fixed: int, within: Bounds) -> Decision | None:
    """Choose what goes so that the goal is reached, with `fixed` tokens for prompt and tools.

    First old outputs go by reference, the oldest first; then the oldest turns by summary. The newest steps
    are touched only when they alone are too long: their longest texts first, and in the end they are
    summarised too. None: no choice makes the request shorter.
    """
    return _Choice(transcript, count, fixed, within).decision()


class _Choice:
    def __init__(self, transcript: Transcript, count: Count, fixed: int, within: Bounds) -> None:
        self._transcript = transcript
        self._count = count
        self._within = within
        self._fixed = fixed
        self._total = fixed + transcript.tokens(count)
        sizes = [transcript.size(segment, count) for segment in transcript.segments]
        self._tails = [*accumulate(reversed(sizes), initial=0)][::-1]
        self._chosen: list[_Saving] = []
        self._words: dict[str, int] = {}

    def decision(self) -> Decision | None:
        kept, newest = self._transcript.kept, self._transcript.kept
        for protected in _PROTECTED_STEPS:
            newest = self._newest(protected)
            if self._refer(self._old_savings(kept, newest)):
                return self._decided(kept)
            for cut in range(kept + 1, newest + 1):
                if self._left(cut) <= self._within.goal:
                    return self._decided(cut)
        if newest > kept and self._left(newest) <= self._within.full:
            return self._decided(newest)
        return self._last_resort(max(newest, kept + 1))

    def _last_resort(self, first: int) -> Decision | None:
        """Touch the newest step too: whatever is longest in it by reference, then all from `first` on."""
        kept = self._transcript.kept
        if self._refer(self._all_savings()):
            return self._decided(kept)
        rest = range(first, len(self._transcript.segments) + 1)
        fitting = (cut for cut in rest if self._left(cut) <= self._within.full)
        return self._decided(next(fitting, min((kept, *rest), key=self._left)))

    def _newest(self, protected: int) -> int:
        """Return where the newest so many steps begin."""
        steps = [number for number, segment in enumerate(self._transcript.segments) if segment.is_step]
        return max([*steps[-protected:][:1], self._transcript.kept])

    def _old_savings(self, first: int, end: int) -> list[_Saving]:
        segments, known = self._transcript.segments, self._known()
        return [
            saving
            for number in range(first, end)
            for text in outputs(segments[number].messages, known)
            for saving in self._saving(text, number)
        ]

    def _all_savings(self) -> list[_Saving]:
        """Return what references to anything that is read would save, the most first."""
        transcript, known = self._transcript, self._known()
        stays = transcript.compaction.keeps if transcript.compaction is not None else ()
        found: list[_Saving] = []
        for number, segment in enumerate(transcript.segments):
            if number < transcript.kept:
                texts = words((m for m in segment.messages if m.id in stays), known)
            else:
                texts = chain(outputs(segment.messages, known), words(segment.messages, known))
            found.extend(saving for text in texts for saving in self._saving(text, number))
        return sorted(found, key=lambda saving: -saving.tokens)

    def _known(self) -> set[str]:
        return self._transcript.references | {saving.id for saving in self._chosen}

    def _saving(self, text: Shortened, segment: int) -> list[_Saving]:
        saved = self._count(text.whole) - self._count(text.reference)
        return [_Saving(text.id, saved, segment)] if saved > 0 else []

    def _refer(self, savings: list[_Saving]) -> bool:
        """Choose references until the goal is reached; say whether it is."""
        kept = self._transcript.kept
        left = self._left(kept)
        for saving in savings:
            if left <= self._within.goal:
                break
            self._chosen.append(saving)
            left -= saving.tokens
        return left <= self._within.goal

    def _left(self, cut: int) -> int:
        """Return the size of the next request when the segments before `cut` go, with what is chosen."""
        if cut == self._transcript.kept:
            return self._total - sum(saving.tokens for saving in self._chosen)
        front = sum(map(self._size, self._transcript.keeps(cut)))
        saved = sum(saving.tokens for saving in self._chosen if self._is_read(saving, cut))
        return self._fixed + front + self._within.summary + self._tails[cut] - saved

    def _size(self, message: Message) -> int:
        if message.id not in self._words:
            self._words[message.id] = tokens_of(self._transcript.rendered(message), self._count)
        return self._words[message.id]

    def _is_read(self, saving: _Saving, cut: int) -> bool:
        return saving.segment >= cut or any(
            saving.id == message.id for message in self._transcript.keeps(cut)
        )

    def _decided(self, cut: int) -> Decision | None:
        kept = self._transcript.kept
        chosen = [s for s in self._chosen if cut == kept or self._is_read(s, cut)]
        decision = Decision(tuple(saving.id for saving in chosen), None if cut == kept else cut)
        return None if decision == Decision() else decision
