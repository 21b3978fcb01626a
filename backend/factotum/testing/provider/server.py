"""The scripted provider: a loopback server that plays a script over both vendors' wire formats.

async with ScriptedProvider(script) as provider:
    ... provider.openai_base, provider.anthropic_base, provider.journal
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Self

import orjson
from pydantic import JsonValue

from factotum.core.tasks import cancelled
from factotum.testing.provider.anthropic_wire import AnthropicWire
from factotum.testing.provider.conversation import Chosen, check_expected, check_length, choose
from factotum.testing.provider.http import (
    Answer,
    BadHttp,
    ClientGone,
    HttpRequest,
    WatchedReader,
    read_request,
)
from factotum.testing.provider.journal import Exchange, Journal
from factotum.testing.provider.loading import ScriptSource, load_script
from factotum.testing.provider.openai_wire import OpenAIWire
from factotum.testing.provider.pieces import Reply, Request, plan
from factotum.testing.provider.player import BrokenByScript, play, refuse
from factotum.testing.provider.refusal import Refusal
from factotum.testing.provider.script import Playable, Script
from factotum.testing.provider.wire import Wire

HOST = "127.0.0.1"
_OPENAI, _ANTHROPIC = OpenAIWire(), AnthropicWire()
_ATTEMPTS_KEPT = 10_000
_JSON = {"content-type": "application/json"}
Calls = Literal["auto", "native", "invoke", "tag"]


class ScriptedProvider:
    """Serves one script on a port of its own. `script` is set by `start` and may be replaced later.

    `port`: 0 takes a free one. `calls`: how calls are written, over whatever the script says.
    """

    script: Script

    def __init__(
        self, script: ScriptSource, *, port: int = 0, calls: Calls | None = None, journal_limit: int = 100
    ) -> None:
        self._source = script
        self._calls: Calls | None = calls
        self.journal = Journal(journal_limit)
        self._attempts: OrderedDict[tuple[str, int, str], int] = OrderedDict()
        self._port = port
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def root(self) -> str:
        """The address of the server, without a path."""
        return f"http://{HOST}:{self._port}"

    @property
    def openai_base(self) -> str:
        """The base URL for OpenAI clients."""
        return f"{self.root}/v1"

    @property
    def anthropic_base(self) -> str:
        """The base URL for Anthropic clients."""
        return self.root

    def reset(self) -> None:
        """Forget the journal and the count of attempts."""
        self.journal.clear()
        self._attempts.clear()

    async def start(self) -> None:
        """Read the script and listen. Raises ScriptFault, and OSError when the port is taken."""
        self.script = with_calls(await asyncio.to_thread(load_script, self._source), self._calls)
        loop = asyncio.get_running_loop()

        def connection() -> asyncio.StreamReaderProtocol:
            reader = WatchedReader()

            def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = loop.create_task(self._serve(reader, writer))
                self._connections.add(task)
                task.add_done_callback(self._connections.discard)

            return asyncio.StreamReaderProtocol(reader, accepted, loop=loop)

        self._server = await loop.create_server(connection, HOST, self._port, backlog=1024)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._server is None:
            return
        self._server.close()
        await cancelled(*self._connections)
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _serve(self, reader: WatchedReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, request after request."""
        try:
            keep = True
            while keep and (request := await read_request(reader)) is not None:
                answer = Answer(reader, writer)
                await self._answer(request, answer)
                keep = not answer.dropped and request.headers.get("connection", "").lower() != "close"
        except BadHttp as error:
            await _say_bad_http(error, Answer(reader, writer))
        finally:
            writer.close()

    async def _answer(self, request: HttpRequest, answer: Answer) -> None:
        if request.path in ("/_requests", "/_reset"):
            await self._control(request, answer)
            return
        exchange = self.journal.begin(request.method, request.path, request.headers, request.body)
        wire = _wire_of(request)
        try:
            try:
                await self._route(wire, request, answer, exchange)
            except Refusal as refusal:
                await refuse(wire, refusal, answer, exchange)
                self.journal.end(exchange, "refused", str(refusal))
            else:
                self.journal.end(exchange, "complete")
        except ClientGone:
            self.journal.end(exchange, "client_gone", f"the client closed after {exchange.chunks} chunks")
        except BrokenByScript as broken:
            self.journal.end(exchange, "broken_by_script", str(broken))

    async def _route(self, wire: Wire, request: HttpRequest, answer: Answer, exchange: Exchange) -> None:
        match request.method, request.path:
            case "POST", "/v1/chat/completions" | "/v1/messages":
                check_credentials(request)
                asked = wire.read(_parsed(request))
                self._check_model(asked.model)
                await play(wire, self._reply(asked, exchange), answer, exchange)
            case "GET", "/v1/models":
                check_credentials(request)
                exchange.status = 200
                await answer.whole(200, orjson.dumps(wire.models(self.script.models or ("scripted",))), _JSON)
            case _, "/v1/chat/completions" | "/v1/messages" | "/v1/models":
                raise Refusal("bad_request", f"Method {request.method} is not allowed here.", status=405)
            case _:
                raise Refusal(
                    "model_not_found",
                    f"Unknown request URL: {request.method} {request.path}.",
                    code="unknown_url",
                )

    def _check_model(self, model: str) -> None:
        if self.script.models and model not in self.script.models:
            raise Refusal(
                "model_not_found", f"The model `{model}` does not exist or you do not have access to it."
            )

    def _reply(self, asked: Request, exchange: Exchange) -> Reply:
        """Choose what is played. Raises Refusal for the script's own errors, and where it has nothing."""
        chosen = choose(self.script, asked.conversation)
        exchange.scenario, exchange.turn = chosen.scenario.name, chosen.number + 1
        check_length(asked.conversation, chosen)
        check_expected(chosen.turn.expect, asked.conversation, chosen)
        attempt = self._count(chosen, asked)
        exchange.attempt = attempt + 1
        return plan(self.script, chosen, attempted(chosen, attempt), asked)

    def _count(self, chosen: Chosen, asked: Request) -> int:
        """Return how often this turn of this conversation was asked for before."""
        key = (chosen.scenario.name, chosen.number, asked.conversation.key)
        attempt = self._attempts.pop(key, 0)
        self._attempts[key] = attempt + 1
        if len(self._attempts) > _ATTEMPTS_KEPT:
            self._attempts.popitem(last=False)
        return attempt

    async def _control(self, request: HttpRequest, answer: Answer) -> None:
        match request.method, request.path:
            case "GET", "/_requests":
                await answer.whole(200, self.journal.as_json(), _JSON)
            case "POST", "/_reset":
                self.reset()
                await answer.whole(200, b"{}", _JSON)
            case _:
                await answer.whole(405, b'{"error": "GET /_requests or POST /_reset"}', _JSON)


def attempted(chosen: Chosen, attempt: int) -> Playable:
    """Return what the `attempt`th try (from 0) at a turn gets. Raises Refusal for an error of the script."""
    turn = chosen.turn
    played: Playable = turn
    if attempt < len(turn.before):
        played, attempt = turn.before[attempt], 0
    else:
        attempt -= len(turn.before)
    if played.error is not None and (played.error.times is None or attempt < played.error.times):
        raise Refusal.of(played.error)
    return played


def check_credentials(request: HttpRequest) -> None:
    """Refuse a request without a key; any key is good. Raises Refusal."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = scheme.lower() == "bearer" and token.strip()
    if request.path == "/v1/messages":
        if not (request.headers.get("x-api-key") or bearer):
            raise Refusal("unauthorized", "x-api-key header is required")
        if not request.headers.get("anthropic-version"):
            raise Refusal("bad_request", "anthropic-version: header is required")
    elif not (bearer or (_wire_of(request).name == "anthropic" and request.headers.get("x-api-key"))):
        raise Refusal(
            "unauthorized",
            "You didn't provide an API key. You need to provide your API key in an Authorization header using"
            " Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        )


def with_calls(script: Script, calls: Calls | None) -> Script:
    """Return `script` with all its calls written as `calls` says; None leaves it as it is."""
    if calls is None:
        return script
    scenarios = tuple(scenario.model_copy(update={"calls": calls}) for scenario in script.scenarios)
    return script.model_copy(update={"calls": calls, "scenarios": scenarios})


def _wire_of(request: HttpRequest) -> Wire:
    anthropic = request.path.startswith("/v1/messages") or "anthropic-version" in request.headers
    return _ANTHROPIC if anthropic else _OPENAI


def _parsed(request: HttpRequest) -> JsonValue:
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Refusal(
            "bad_request", f"We could not parse the JSON body of your request. ({error.msg} at {error.pos})"
        ) from error


async def _say_bad_http(error: BadHttp, answer: Answer) -> None:
    body: Mapping[str, JsonValue] = {"error": {"message": str(error), "type": "invalid_request_error"}}
    try:
        await answer.whole(400, orjson.dumps(body), {**_JSON, "connection": "close"})
    except ClientGone:
        return
