"""Reserves room in the run's budget before each model call, and says what to ask when there is none."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pydantic import JsonValue

from factotum.agent.budget import Extra, Need, ask_to_extend
from factotum.agent.config import ProcessorConfig
from factotum.agent.ports import RunJournal
from factotum.llm.port import ModelRequest
from factotum.protocol.budgets import Amounts, BudgetUse
from factotum.protocol.runs import Question, Usage

_BYTES_A_TOKEN = 3
_MOST_OUTPUT = 32_000
"""Tokens. What a model may write, of which nobody says how much it can."""


class InputEstimate:
    """How many tokens a request has: what the provider counted last time, and the bytes that came since.

    Careful on purpose: a token of English prose has four bytes.
    """

    def __init__(self) -> None:
        self._messages = 0
        self._last: Mapping[str, JsonValue] = {}
        self._tokens = 0

    def of(self, request: ModelRequest) -> int:
        """Estimate a request, with work in proportion to what came since the last one that was learned."""
        messages, known = request.messages, self._messages
        if known and len(messages) >= known and messages[known - 1] == self._last:
            return self._tokens + _tokens_in(messages[known:])
        return _tokens_in([*request.tools, *messages])

    def learn(self, request: ModelRequest, input_tokens: int) -> None:
        """Take note of what the provider counted. 0: it did not say."""
        if input_tokens:
            self._messages, self._last = len(request.messages), request.messages[-1]
            self._tokens = input_tokens


class Beside:
    """A model call beside the steps, as that for a title. From the next step on, room is kept back for it."""

    def __init__(self, extra: Extra) -> None:
        self.extra = extra
        self.is_over = False
        self._answered = asyncio.Event()

    async def granted(self) -> bool:
        """Wait until the budget was asked, at the next step; say whether there is room for the call."""
        await self._answered.wait()
        return not self.is_over

    def answer(self, *, granted: bool) -> None:
        """Say whether there is room, as the first step was told."""
        if not self._answered.is_set():
            self.is_over = self.is_over or not granted
            self._answered.set()

    def end(self) -> None:
        """The call has ended, or is not needed: nothing is kept back for it any more."""
        self.is_over = True


class Spending:
    """The budget of one run, in one attempt."""

    def __init__(self, journal: RunJournal, config: ProcessorConfig) -> None:
        self._journal = journal
        self._config = config
        self._estimate = InputEstimate()
        self._pool = BudgetUse(id="", limit=Amounts())
        self._beside: Beside | None = None

    def beside(self, extra: Extra) -> Beside:
        """Keep room back for a call beside the steps, one at a time, until it has ended."""
        self._beside = Beside(extra)
        return self._beside

    async def reserve(self, request: ModelRequest, usage: Usage) -> ModelRequest | Question:
        """Reserve room for one call. Returns the request with a bound on its output, if the budget needs one.

        `usage` is what the run used so far, whose newest part is settled with it. Without enough room for a
        call nothing is reserved, and what to ask is returned.
        """
        price = self._config.price
        known = request.max_output_tokens or (price and price.max_output_tokens)
        beside = None if self._beside is None or self._beside.is_over else self._beside
        extra = None if beside is None else beside.extra
        need = Need(self._estimate.of(request), known or _MOST_OUTPUT, price, extra)
        self._pool, grant = await self._journal.reserve(self._config.budget, need, usage)
        if beside is not None:
            beside.answer(granted=grant is not None and grant.extra)
        if grant is None:
            return ask_to_extend(self._pool, need)
        if grant.bounded and grant.output_tokens != known:
            return replace(request, max_output_tokens=grant.output_tokens)
        return request

    def after(self, request: ModelRequest, usage: Usage) -> BudgetUse:
        """Return how the pool stands after a call that used so much and was stored."""
        self._estimate.learn(request, usage.input_tokens)
        tokens = usage.input_tokens + usage.output_tokens
        return self._pool.settled(cost_usd=usage.cost_usd, tokens=tokens)


def _tokens_in(messages: Iterable[Mapping[str, JsonValue]]) -> int:
    size = sum(len(json.dumps(dict(message), ensure_ascii=False).encode()) for message in messages)
    return -(-size // _BYTES_A_TOKEN)
