"""The limits: a bare socket, and the usual HTTP client at its best, each with orjson and no agent."""

import asyncio
import importlib
import json
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from bench.clients.base import KEY, MODEL, Agent, Client, Seen

_TOOLS: Final = [
    {
        "type": "function",
        "function": {
            "name": "look",
            "description": "Look something up.",
            "parameters": {
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
            },
        },
    }
]


class Socket(Client):
    """A bare socket, lines cut by hand, orjson."""

    async def ask(self, question: str, seen: Seen) -> None:
        """See Client."""
        address = urlsplit(self.base)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        body = orjson.dumps({"model": MODEL, "stream": True, "messages": _asked(question)})
        head = (
            f"POST {address.path}/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        rest = b""
        while data := await reader.read(65_536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {"):
                    choices = orjson.loads(line[6:])["choices"]
                    if choices and (text := choices[0]["delta"].get("content")):
                        seen(text)
            if b"data: [DONE]" in lines:
                break
        writer.close()
        await writer.wait_closed()


class Aiohttp(Agent):
    """aiohttp's lines and orjson; as an agent, a loop written by hand."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self._session: Any = None

    async def warm(self) -> None:
        """See Client."""
        aiohttp = importlib.import_module("aiohttp")
        connector = aiohttp.TCPConnector(limit=4_000)
        self._session = aiohttp.ClientSession(connector=connector)
        await super().warm()

    async def close(self) -> None:
        """See Client."""
        await self._session.close()
        await super().close()

    async def ask(self, question: str, seen: Seen) -> None:
        """See Client."""
        async for delta in self._stream({"messages": _asked(question)}):
            if text := delta.get("content"):
                seen(text)

    async def work(self, question: str) -> None:
        """See Client."""
        messages: list[Any] = _asked(question)
        while True:
            text, call_id, arguments = "", "", ""
            async for delta in self._stream({"messages": messages, "tools": _TOOLS}):
                text += delta.get("content") or ""
                for call in delta.get("tool_calls") or ():
                    call_id = call.get("id") or call_id
                    arguments += call["function"]["arguments"]
            messages.append(reply := {"role": "assistant", "content": text})
            if not call_id:
                return
            function = {"name": "look", "arguments": arguments}
            reply["tool_calls"] = [{"id": call_id, "type": "function", "function": function}]
            result = self.look(**json.loads(arguments))
            messages.append({"role": "tool", "tool_call_id": call_id, "content": result})

    async def _stream(self, fields: dict[str, Any]) -> Any:
        body = orjson.dumps({"model": MODEL, "stream": True, **fields})
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        async with self._session.post(
            f"{self.base}/chat/completions", data=body, headers=headers
        ) as response:
            async for line in response.content:
                if line.startswith(b"data: {"):
                    for choice in orjson.loads(line[6:])["choices"]:
                        yield choice["delta"]


class LiteLLM(Agent):
    """LiteLLM as its documentation shows it, its logging off; as an agent, a loop written by hand."""

    async def warm(self) -> None:
        """See Client."""
        self._gateway = importlib.import_module("factotum.llm.litellm_gateway").LiteLLMGateway()
        await self._gateway.warm()
        self._litellm = importlib.import_module("litellm")
        await super().warm()

    async def close(self) -> None:
        """See Client. The gateway closes what LiteLLM keeps open."""
        await self._gateway.close()
        await super().close()

    async def ask(self, question: str, seen: Seen) -> None:
        """See Client."""
        async for chunk in await self._open({"messages": _asked(question)}):
            if chunk.choices and (text := chunk.choices[0].delta.content):
                seen(text)

    async def work(self, question: str) -> None:
        """See Client."""
        messages: list[Any] = _asked(question)
        while True:
            stream = await self._open({"messages": messages, "tools": _TOOLS})
            whole = self._litellm.stream_chunk_builder([chunk async for chunk in stream])
            reply = whole.choices[0].message
            messages.append(reply.model_dump(exclude_none=True))
            if not reply.tool_calls:
                return
            for call in reply.tool_calls:
                result = self.look(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    async def _open(self, fields: dict[str, Any]) -> Any:
        return await self._litellm.acompletion(
            model=f"openai/{MODEL}", stream=True, api_base=self.base, api_key=KEY, **fields
        )


def _asked(question: str) -> list[Any]:
    return [{"role": "user", "content": question}]
