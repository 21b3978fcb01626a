"""Plays a reply over one connection: timing, cuts, stalls, breaks and failures."""

import itertools
from collections.abc import Iterator, Mapping

import orjson

from factotum.testing.provider.http import Answer
from factotum.testing.provider.journal import Exchange
from factotum.testing.provider.pieces import (
    Break,
    Fail,
    Garbage,
    Ping,
    Reply,
    Spoken,
    Stall,
    Stopped,
)
from factotum.testing.provider.refusal import Refusal
from factotum.testing.provider.script import Sizes
from factotum.testing.provider.wire import Encoder, Wire

_STREAM = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
_JSON = {"content-type": "application/json"}


class BrokenByScript(Exception):
    """The script ended the answer before its end; the message says how."""


class Cutter:
    """Cuts bytes into pieces of given sizes, taken in turn. None: as they come."""

    def __init__(self, sizes: Sizes | None) -> None:
        self._sizes = None if sizes is None else itertools.cycle([sizes] if isinstance(sizes, int) else sizes)
        self._wanted = 0 if self._sizes is None else next(self._sizes)
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the pieces that are full; what is left waits for more."""
        if self._sizes is None:
            yield data
            return
        self._kept += data
        while len(self._kept) >= self._wanted:
            piece = bytes(self._kept[: self._wanted])
            del self._kept[: self._wanted]
            self._wanted = next(self._sizes)
            yield piece

    def rest(self) -> bytes:
        """Return what is left, and forget it."""
        rest = bytes(self._kept)
        self._kept.clear()
        return rest


class Body:
    """The body of a streamed answer: counts what is sent, and cuts it where the script says so."""

    def __init__(self, answer: Answer, exchange: Exchange, sizes: Sizes | None) -> None:
        self._answer = answer
        self._exchange = exchange
        self._cutter = Cutter(sizes)

    async def send(self, frames: Iterator[bytes]) -> None:
        """Send frames; with cuts, the last bytes may wait for the next."""
        for frame in frames:
            for piece in self._cutter.feed(frame):
                await self._put(piece)

    async def flush(self) -> None:
        """Send what waits."""
        if rest := self._cutter.rest():
            await self._put(rest)

    async def _put(self, data: bytes) -> None:
        await self._answer.send(data)
        self._exchange.chunks += 1


async def play(wire: Wire, reply: Reply, answer: Answer, exchange: Exchange) -> None:
    """Answer with `reply`. Raises ClientGone, BrokenByScript, and Refusal where nothing has been sent."""
    played = reply.played
    if reply.transport.first_delay:
        await answer.wait(reply.transport.first_delay)
    headers = answer_headers(wire, reply.id)
    exchange.status = 200
    if played.empty or played.garbage is not None:
        kind = {"content-type": "text/html"} if played.garbage else _STREAM if reply.request.stream else _JSON
        await answer.whole(200, (played.garbage or "").encode(), {**headers, **kind})
    elif reply.request.stream:
        await answer.start(200, {**headers, **_STREAM})
        await _stream(wire, reply, answer, Body(answer, exchange, reply.transport.bytes_cut))
    else:
        await _whole(wire, reply, answer, headers)


async def refuse(wire: Wire, refusal: Refusal, answer: Answer, exchange: Exchange) -> None:
    """Answer with an error in the vendor's shape. Raises ClientGone."""
    request_id = f"req_{exchange.number:024d}"
    status, body = wire.error(refusal, request_id=request_id)
    headers = answer_headers(wire, request_id) | _JSON
    if refusal.retry_after is not None:
        headers["retry-after"] = f"{refusal.retry_after:g}"
    exchange.status = status
    await answer.whole(status, orjson.dumps(body), headers)


def answer_headers(wire: Wire, request_id: str) -> dict[str, str]:
    """Return the headers that name a request, as the vendor spells them."""
    return {"request-id" if wire.name == "anthropic" else "x-request-id": request_id}


async def _stream(wire: Wire, reply: Reply, answer: Answer, body: Body) -> None:
    encoder = wire.encoder(reply)
    await body.send(encoder.open())
    stop: str | None = None
    for piece, delay in reply.beats():
        if delay:
            await answer.wait(delay)
        match piece:
            case Stopped(sequence):
                stop = sequence
                break
            case Stall(seconds):
                await body.flush()
                await answer.wait(seconds)
            case Break(how):
                await body.flush()
                await _break(how, answer)
            case _:
                await body.send(_frames(wire, encoder, piece))
                if isinstance(piece, Fail):
                    await body.flush()
                    await answer.end()
                    raise BrokenByScript(f"error in mid-stream: {piece.refusal}")
    await body.send(encoder.close(reply.finish, stop))
    await body.flush()
    await answer.end()


def _frames(wire: Wire, encoder: Encoder, piece: Spoken | Ping | Garbage | Fail) -> Iterator[bytes]:
    match piece:
        case Ping():
            yield wire.ping()
        case Garbage(text):
            yield text.encode()
        case Fail(refusal):
            yield wire.error_frame(refusal, request_id="req_scripted")
        case _:
            yield from encoder.piece(piece)


async def _whole(wire: Wire, reply: Reply, answer: Answer, headers: Mapping[str, str]) -> None:
    """Answer at once: chunks and their delays do not show, stalls and failures do."""
    if reply.endless:
        raise Refusal(
            "bad_request", "The script repeats an item for ever: ask with `stream`.", code="script_unexpected"
        )
    spoken: list[Spoken] = []
    stop: str | None = None
    torn = False
    for piece, _ in reply.beats():
        match piece:
            case Stopped(sequence):
                stop = sequence
                break
            case Stall(seconds):
                await answer.wait(seconds)
            case Break("end") | Garbage():
                torn = True
                break
            case Break(how):
                await _break(how, answer)
            case Fail(refusal):
                raise refusal
            case Ping():
                pass
            case _:
                spoken.append(piece)
    body = orjson.dumps(wire.whole(reply, spoken, stop))
    await answer.whole(200, body[: len(body) // 2] if torn else body, {**headers, **_JSON})
    if torn:
        raise BrokenByScript("the body was cut in half")


async def _break(how: str, answer: Answer) -> None:
    if how == "end":
        await answer.end()
    else:
        answer.drop(reset=how == "reset")
    raise BrokenByScript(f"break: {how}")
