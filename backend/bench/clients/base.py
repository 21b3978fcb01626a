"""What a client of the bench is: it streams an answer, and runs an agent with one tool."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

MODEL: Final = "gpt-4o-mini"
"""A name that price lists know."""
KEY: Final = "none"
STAMP: Final = 20
"""Characters of a chunk."""

Seen = Callable[[str], None]
"""Gets each text as soon as the client has it."""


class Client(ABC):
    """One way to talk with a model, made with the address of an OpenAI server, `/v1` included."""

    def __init__(self, base: str) -> None:
        self.base = base

    @abstractmethod
    async def ask(self, question: str, seen: Seen) -> None:
        """Ask and read the answer to its end, without tools."""

    async def warm(self) -> None:
        """Make a first call, and so pay for what later ones find done."""
        await self.ask("burst 200", len)

    async def close(self) -> None:
        """Let what was told to close do it."""
        await asyncio.sleep(0)


class Agent(Client):
    """One that can run a loop with a tool, too."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self.turns: list[float] = []
        """The process's CPU (seconds) at each call of the tool."""

    @abstractmethod
    async def work(self, question: str) -> None:
        """Run an agent with the tool `look` to its end; each call of it takes down the CPU."""

    def look(self, text: str) -> str:
        """Be the tool."""
        self.turns.append(time.process_time())
        return f"saw {text}"
