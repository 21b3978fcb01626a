"""The model that every client of the bench talks to: OpenAI's streaming format on loopback, and nothing more.

The question says what is played: `burst N` sends N chunks of 20 characters at once, `paced N MS` one every MS
milliseconds, `turns N` a word and a call of the tool `look` until N results came back, then an answer, `ask`
a question to the person. A paced chunk's text is the time at which it was sent, so that its reader can tell
how late it is. All is prepared before it is sent: at 10,000 chunks a second it is the clients that are
measured, not this.

Run from backend/: `python -m bench.server`. It prints its base address and serves until its input ends.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any, Final, cast

import uvloop

PIECE: Final = "twenty characters, a"
_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_STREAM: Final = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini"}


def stamp() -> str:
    """Return the monotonic clock in nanoseconds, as the 20 characters of a paced chunk."""
    return f"{time.monotonic_ns():020d}"


def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """Return one chunk of the stream as an HTTP chunk."""
    document = {
        **_STREAM,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }
    return _http(document)


def _http(document: dict[str, Any]) -> bytes:
    data = b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


def _end(finish: str) -> bytes:
    usage = {"prompt_tokens": 20, "completion_tokens": 20, "total_tokens": 40}
    done = b"data: [DONE]\n\n"
    tail = b"%x\r\n%b\r\n0\r\n\r\n" % (len(done), done)
    return event({}, finish) + _http({**_STREAM, "choices": [], "usage": usage}) + tail


_FIRST: Final = event({"role": "assistant", "content": ""})
_TEXT: Final = event({"content": PIECE})
_BEFORE, _, _AFTER = event({"content": "%"}).partition(b"%")
_PACED: Final = (b"%x\r\n" % (len(_TEXT.partition(b"\r\n")[2]) - 2) + _BEFORE.partition(b"\r\n")[2], _AFTER)


def _call(name: str, number: int, arguments: dict[str, str]) -> bytes:
    function = {"name": name, "arguments": ""}
    call = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
    rest = {"index": 0, "function": {"arguments": json.dumps(arguments)}}
    return event({"tool_calls": [call]}) + event({"tool_calls": [rest]})


def _turn(number: int) -> bytes:
    return event({"content": "Looking."}) + _call("look", number, {"text": f"thing {number}"})


class Connection(asyncio.Protocol):
    """One connection, kept for one request after the other."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass of it

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._received += data
        head, separator, _ = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        whole = len(head) + 4 + length
        if len(self._received) >= whole:
            body = bytes(self._received[len(head) + 4 : whole])
            del self._received[:whole]
            self._answer(json.loads(body)["messages"])

    def _answer(self, messages: list[dict[str, Any]]) -> None:
        question = next(message["content"] for message in messages if message["role"] == "user")
        text = question if isinstance(question, str) else question[0]["text"]
        kind, *numbers = text.split()
        match kind:
            case "burst":
                self._write(_HEAD + _FIRST + _TEXT * int(numbers[0]) + _end("stop"))
            case "paced":
                self._write(_HEAD + _FIRST)
                self._pace(int(numbers[0]), int(numbers[1]) / 1000)
            case "ask":
                self._write(_HEAD + _FIRST + _call("ask", 0, {"question": "What now?"}) + _end("tool_calls"))
            case "turns" if (done := _results(messages)) < int(numbers[0]):
                self._write(_HEAD + _FIRST + _turn(done) + _end("tool_calls"))
            case _:
                self._write(_HEAD + _FIRST + event({"content": "Done."}) + _end("stop"))

    def _pace(self, left: int, pause: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + pause

        def send(left: int, due: float) -> None:
            before, after = _PACED
            last = left == 1
            self._write(before + stamp().encode() + after + (_end("stop") if last else b""))
            if not last:
                loop.call_at(due + pause, send, left - 1, due + pause)

        loop.call_at(due, send, left, due)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _results(messages: list[dict[str, Any]]) -> int:
    return sum(message["role"] == "tool" for message in messages)


async def serve(told: Callable[[str], object]) -> None:
    """Serve until standard input ends; `told` gets the base address."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=2048)
    told(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def main() -> None:
    """Serve."""
    uvloop.run(serve(lambda base: print(base, flush=True)))


if __name__ == "__main__":
    main()
