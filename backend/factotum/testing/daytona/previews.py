"""The fake's preview proxy: one request to a port inside, for whoever has a token."""

import time

from aiohttp import web

from factotum.core.errors import FactotumError
from factotum.testing.daytona.api import Api
from factotum.testing.daytona.machines import Machines
from factotum.testing.daytona.wire import Refused

_ANSWER_LIMIT = 10_000_000


class Previews:
    """Handles `/preview/{port}-{token or sandbox}/...`."""

    def __init__(self, machines: Machines, api: Api) -> None:
        self._machines = machines
        self._api = api

    async def handle(self, request: web.Request) -> web.Response:
        """Pass one request on, and its answer back."""
        port, _, token = request.match_info["place"].partition("-")
        sandbox, allowed, ends = self._api.signed.get(token, ("", 0, 0.0))
        if not sandbox:
            sandbox, allowed, ends = token, int(port), float("inf")
            machine = self._machines.find(sandbox)
            if request.headers.get("X-Daytona-Preview-Token") != machine.preview_token:
                raise Refused(401, "a preview token is required")
        if allowed != int(port) or time.monotonic() > ends:
            raise Refused(401, "the preview token is not valid")
        local = await self._machines.sandbox(self._machines.find(sandbox))
        try:
            connection = await local.connect(allowed)
        except FactotumError as error:
            raise Refused(502, error.message) from error
        path = request.path_qs.partition(request.match_info["place"])[2] or "/"
        body = await request.read()
        head = f"{request.method} {path} HTTP/1.0\r\nHost: preview\r\nContent-Length: {len(body)}\r\n\r\n"
        got = bytearray()
        try:
            await connection.write(head.encode() + body)
            while (piece := await connection.read(65536)) and len(got) < _ANSWER_LIMIT:
                got += piece
        finally:
            await connection.close()
        top, _, content = bytes(got).partition(b"\r\n\r\n")
        return web.Response(status=int(top.split()[1]), body=content)
