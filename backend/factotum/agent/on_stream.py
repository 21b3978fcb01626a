"""Runs the calls of a response while it is still being written.

Each call that has ended is stored with all that was written before it, and only then begins: a crash finds it
in the log and in the ledger like any other call.
"""

import asyncio
from typing import Literal

from factotum.agent.approvals import Ready
from factotum.agent.tool_runner import PARALLEL, ToolRunner
from factotum.protocol.messages import ToolCallPart


class EarlyCalls:
    """The calls of one response that need not wait for its end. They are tasks of `group`, and end with it.

    In order, one after another; else side by side.
    """

    def __init__(
        self, runner: ToolRunner, group: asyncio.TaskGroup, strategy: Literal["sequential", "parallel"]
    ) -> None:
        self._runner = runner
        self._group = group
        self._in_order = strategy == "sequential"
        self._room = asyncio.Semaphore(1 if self._in_order else PARALLEL)
        self._held = False

    async def begin(self, message_id: str, call: ToolCallPart) -> None:
        """Let a stored call begin as soon as there is room, or leave it to the message's end.

        In order, a call that waits holds up those after it.
        """
        if self._held:
            return
        ready = await self._runner.early(call)
        if ready is not None:
            self._group.create_task(self._run(message_id, ready))
        else:
            self._held = self._in_order

    async def _run(self, message_id: str, ready: Ready) -> None:
        async with self._room:
            await self._runner.run_one(message_id, ready)
