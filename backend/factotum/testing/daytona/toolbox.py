"""The fake's toolbox: what runs inside a sandbox, done by its local sandbox."""

import asyncio
import contextlib
import json
import re
import secrets
import shlex
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from daytona_toolbox_api_client_async import (
    CreateSessionRequest,
    ExecuteRequest,
    ExecuteResponse,
    FilesDownloadRequest,
    SessionExecuteRequest,
    SessionExecuteResponse,
    UploadFilesResponse,
)

from factotum.core.errors import FactotumError
from factotum.core.ids import new_id
from factotum.core.tasks import cancelled
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.sandbox.port import WORKSPACE, TerminalSize
from factotum.testing.daytona.machines import Machine, Machines
from factotum.testing.daytona.wire import Refused, answer

_EXIT_CONTROL = "X-Daytona-Pty-Exit-Control"
_UPLOAD_LIMIT = 2_000_000_000
_STDOUT = b"\1\1\1"
_PART = re.compile(r"files\[(\d+)\]\.(path|file)")


class Toolbox:
    """Handlers of the toolbox."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        one = "/toolbox/{name}"
        session = f"{one}/process/session"
        return [
            web.post(f"{one}/process/execute", self.execute),
            web.post(session, self.create_session),
            web.delete(f"{session}/{{session}}", self.delete_session),
            web.post(f"{session}/{{session}}/exec", self.run_in_session),
            web.get(f"{session}/{{session}}/command/{{command}}/logs", self.logs),
            web.get(f"{one}/process/pty/create-connect", self.terminal),
            web.delete(f"{one}/process/pty/{{session}}", self.delete_terminal),
            web.post(f"{one}/files/bulk-upload", self.upload),
            web.post(f"{one}/files/bulk-download", self.download),
            web.delete(f"{one}/files", self.delete_file),
        ]

    async def execute(self, request: web.Request) -> web.Response:
        """POST /process/execute."""
        wanted = ExecuteRequest.from_dict(await request.json())
        if wanted is None:
            raise Refused(400, "no body")
        _, sandbox = await self._sandbox(request)
        done = await sandbox.exec(
            wanted.command,
            folder=wanted.cwd or ".",
            environment=wanted.envs,
            timeout=float(wanted.timeout or 10),
            output_limit=1_000_000,
        )
        if done.timed_out:
            raise Refused(408, "command execution timeout")
        return answer(ExecuteResponse(exit_code=done.exit_code, result=done.output.decode(errors="replace")))

    async def create_session(self, request: web.Request) -> web.Response:
        """POST /process/session."""
        wanted = CreateSessionRequest.from_dict(await request.json())
        if wanted is None:
            raise Refused(400, "no body")
        machine, sandbox = await self._sandbox(request)
        if wanted.session_id in machine.sessions:
            raise Refused(409, "session already exists")
        await sandbox.sessions.start(wanted.session_id)
        machine.sessions[wanted.session_id] = {}
        return web.Response(status=201)

    async def delete_session(self, request: web.Request) -> web.Response:
        """DELETE /process/session/{session}."""
        machine, sandbox = await self._sandbox(request)
        name = self._session(machine, request)
        await sandbox.sessions.kill(name)
        del machine.sessions[name]
        return web.Response(status=204)

    async def run_in_session(self, request: web.Request) -> web.Response:
        """POST /process/session/{session}/exec."""
        wanted = SessionExecuteRequest.from_dict(await request.json())
        machine, sandbox = await self._sandbox(request)
        name = self._session(machine, request)
        if wanted is None:
            raise Refused(400, "no body")
        cursor = await sandbox.sessions.run(name, wanted.command)
        command = new_id()
        machine.sessions[name][command] = (wanted.command, cursor)
        if wanted.run_async or wanted.var_async:
            return answer(SessionExecuteResponse(cmd_id=command), 202)
        output = await sandbox.sessions.poll(name, cursor=cursor, wait=60)
        while output.info.busy:
            output = await sandbox.sessions.poll(name, cursor=cursor, wait=60)
            await asyncio.sleep(0.02)
        said = output.data.decode(errors="replace")
        return answer(
            SessionExecuteResponse(
                cmd_id=command, exit_code=output.info.exit_code, output=said, stdout=said, stderr=""
            )
        )

    async def logs(self, request: web.Request) -> web.StreamResponse:
        """GET .../logs?follow=true: a command's output as it comes, each piece marked as stdout."""
        machine, sandbox = await self._sandbox(request)
        name = self._session(machine, request)
        _, cursor = machine.sessions[name].get(request.match_info["command"], ("", -1))
        if cursor < 0:
            raise Refused(404, "no such command")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        transport = request.transport
        if transport is not None:
            machine.sockets.add(transport)
        while not socket.closed:
            output = await sandbox.sessions.poll(name, cursor=cursor, limit=65536, wait=1)
            if output.data:
                await socket.send_bytes(_STDOUT + output.data)
            elif not output.info.busy:
                break
            cursor = output.cursor
        await socket.close()
        return socket

    async def terminal(self, request: web.Request) -> web.StreamResponse:
        """GET /process/pty/create-connect: a terminal, over a WebSocket until its shell ends."""
        machine, sandbox = await self._sandbox(request)
        name = request.query["id"]
        size = TerminalSize(int(request.query.get("rows", "24")), int(request.query.get("cols", "80")))
        await sandbox.sessions.start(name, terminal=size)
        await sandbox.sessions.run(name, "exec bash --norc --noprofile -i")
        socket = web.WebSocketResponse(protocols=[_EXIT_CONTROL], max_msg_size=8_000_000)
        await socket.prepare(request)
        transport = request.transport
        if transport is not None:
            machine.sockets.add(transport)
        await socket.send_str(json.dumps({"type": "control", "status": "connected"}))
        reading = asyncio.create_task(self._type(socket, sandbox, name), name="fake-daytona-keys")
        try:
            await self._show(socket, sandbox, name)
        finally:
            await cancelled(reading)
            if transport is not None:
                machine.sockets.discard(transport)
        return socket

    async def _show(self, socket: web.WebSocketResponse, sandbox: LocalSandbox, name: str) -> None:
        cursor = 0
        with contextlib.suppress(FactotumError, ConnectionError):
            while not socket.closed:
                output = await sandbox.sessions.poll(name, cursor=cursor, limit=65536, wait=1)
                cursor = output.cursor
                if output.data:
                    await socket.send_bytes(output.data)
                elif not output.info.alive:
                    reason = json.dumps({"exitCode": output.info.exit_code})
                    await socket.close(code=aiohttp.WSCloseCode.OK, message=reason.encode())

    async def _type(self, socket: web.WebSocketResponse, sandbox: LocalSandbox, name: str) -> None:
        with contextlib.suppress(FactotumError, ConnectionError):
            async for message in socket:
                if message.type == aiohttp.WSMsgType.BINARY:
                    await sandbox.sessions.write(name, message.data)

    async def delete_terminal(self, request: web.Request) -> web.Response:
        """DELETE /process/pty/{session}."""
        _, sandbox = await self._sandbox(request)
        await sandbox.sessions.kill(request.match_info["session"])
        return web.json_response({"message": "PTY session deleted"})

    async def upload(self, request: web.Request) -> web.Response:
        """POST /files/bulk-upload: parts with a path, each before the part with its content."""
        _, sandbox = await self._sandbox(request)
        paths: dict[str, str] = {}
        async for part in await request.multipart():
            found = _PART.fullmatch(part.name or "") if isinstance(part, aiohttp.BodyPartReader) else None
            if found is None or not isinstance(part, aiohttp.BodyPartReader):
                raise Refused(400, "an unexpected part")
            if found[2] == "path":
                paths[found[1]] = await part.text()
                continue
            await _put(sandbox, paths[found[1]], _pieces(part))
        return answer(UploadFilesResponse(files=[], errors=[]))

    async def download(self, request: web.Request) -> web.StreamResponse:
        """POST /files/bulk-download: a multipart answer with one part."""
        wanted = FilesDownloadRequest.from_dict(await request.json())
        _, sandbox = await self._sandbox(request)
        if wanted is None or len(wanted.paths) != 1:
            raise Refused(400, "one path is expected")
        path, boundary = wanted.paths[0], secrets.token_hex(12)
        size = (await sandbox.stat(path)).size_bytes
        response = web.StreamResponse(headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
        await response.prepare(request)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path}"\r\n'
            f"Content-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n"
        )
        await response.write(head.encode())
        async for piece in sandbox.read(path):
            await response.write(piece)
        await response.write(f"\r\n--{boundary}--\r\n".encode())
        await response.write_eof()
        return response

    async def delete_file(self, request: web.Request) -> web.Response:
        """DELETE /files."""
        _, sandbox = await self._sandbox(request)
        done = await sandbox.exec(f"rm -rf -- {shlex.quote(request.query['path'])}")
        if done.exit_code != 0:
            raise Refused(400, done.output.decode(errors="replace"))
        return web.Response(status=204)

    async def _sandbox(self, request: web.Request) -> tuple[Machine, LocalSandbox]:
        machine = self._machines.find(request.match_info["name"])
        return machine, await self._machines.sandbox(machine)

    @staticmethod
    def _session(machine: Machine, request: web.Request) -> str:
        name = request.match_info["session"]
        if name not in machine.sessions:
            raise Refused(404, "session not found")
        return name


async def _put(sandbox: LocalSandbox, path: str, content: AsyncIterator[bytes]) -> None:
    """Write a file anywhere in a sandbox: by way of the workspace, which is all that its port reaches."""
    if path.startswith(f"{WORKSPACE}/"):
        await sandbox.write(path, content, limit=_UPLOAD_LIMIT)
        return
    beside = f".daytona-{secrets.token_hex(8)}"
    await sandbox.write(beside, content, limit=_UPLOAD_LIMIT)
    target = shlex.quote(path)
    done = await sandbox.exec(
        f'mkdir -p "$(dirname {target})" && mv {beside} {target} || {{ rm {beside}; exit 1; }}'
    )
    if done.exit_code != 0:
        raise Refused(400, done.output.decode(errors="replace"))


async def _pieces(part: aiohttp.BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(65536):
        yield piece
