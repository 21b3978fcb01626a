"""Cloudflare Pages: publishes a folder by direct upload, with the operator's token.

https://developers.cloudflare.com/api/resources/pages and, for the calls that only Cloudflare's own tool has,
https://github.com/cloudflare/workers-sdk (wrangler, src/pages/upload.ts): an upload token of the project,
the hashes of which it lacks the content, that content in batches, and a deployment that names them all.
"""

import asyncio
import base64
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from blake3 import blake3
from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from factotum.clients.faults import ServiceFault
from factotum.clients.service import Bounds, Outbound, Reply, Request, Service

T = TypeVar("T", bound=BaseModel)
_log = logging.getLogger(__name__)

SERVICE: Final = "cloudflare"
API: Final = "https://api.cloudflare.com/client/v4"
BRANCH: Final = "main"
_BOUNDS: Final = Bounds(total_seconds=60, read_seconds=30, answer_bytes=4_000_000, attempts=4)
_UPLOAD: Final = Bounds(total_seconds=180, read_seconds=90, answer_bytes=1_000_000, attempts=3)
_BATCH_BYTES: Final = 10_000_000
_BATCH_FILES: Final = 1000
_TOKEN_SECONDS: Final = 200.0
"""Cloudflare's upload tokens are good for five minutes."""
_LIVE_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 1.5
_BOUNDARY: Final = "factotum-8d1f0b6c5e"


@dataclass(frozen=True, slots=True)
class PagesFile:
    """A file to publish: its path on the site, where its bytes lie, and what it is sent as."""

    path: str
    copy: Path
    size: int
    content_type: str
    extension: str


@dataclass(frozen=True, slots=True)
class Live:
    """A deployment that is shown: the site's address, and the deployment's own, which later ones leave."""

    address: str
    deployment_address: str
    uploaded: int
    """Files that were not there yet."""


class _Envelope(BaseModel):
    success: bool
    result: JsonValue = None
    errors: list[JsonValue] = []


class _Project(BaseModel):
    name: str
    subdomain: str


class _Token(BaseModel):
    jwt: str


class _Stage(BaseModel):
    name: str
    status: str


class _Metadata(BaseModel):
    commit_message: str | None = None


class _Trigger(BaseModel):
    metadata: _Metadata = _Metadata()


class _Deployment(BaseModel):
    id: str
    url: str = ""
    latest_stage: _Stage | None = None
    deployment_trigger: _Trigger | None = None

    @property
    def key(self) -> str | None:
        """What it was called when it was made."""
        return self.deployment_trigger and self.deployment_trigger.metadata.commit_message


class CloudflarePages:
    """The operator's account. Failures are ServiceFaults, without the token."""

    def __init__(self, outbound: Outbound, token: SecretStr, account_id: str, base_url: str = API) -> None:
        self._outbound = outbound
        self._service = _service(token, base_url, _BOUNDS)
        self._projects = f"/accounts/{quote(account_id, safe='')}/pages/projects"
        self._base_url = base_url

    async def publish(self, project: str, files: Sequence[PagesFile], *, key: str) -> Live:
        """Show `files` as the site of `project`, which is made when it is not there.

        `key` names the deployment: one that was made under it is not made again. Raises ServiceFault.
        """
        made = await self._project(project)
        found = await self._made(project, key)
        uploaded = 0
        if found is None:
            hashed = await asyncio.to_thread(_hashed, files)
            uploaded = await _Upload(self, project, hashed).run()
            found = await self._deploy(project, {f"/{each.path}": name for name, each in hashed}, key)
        await self._live(project, found)
        return Live(f"https://{made.subdomain}", found.url, uploaded)

    async def withdraw(self, project: str) -> None:
        """Delete a project with all it shows; does nothing when there is none. Raises ServiceFault."""
        request = Request("DELETE", self._place(project), idempotent=True)
        try:
            await self.ask(request)
        except ServiceFault as fault:
            if fault.kind != "not_found":
                raise

    async def ask(self, request: Request, service: Service | None = None) -> JsonValue:
        """Make a call and return its result. Raises ServiceFault."""
        reply = await self._outbound.call(service or self._service, request)
        envelope = _read(_Envelope, reply.json(), reply)
        if not envelope.success:
            said = json.dumps(envelope.errors)[:300]
            raise ServiceFault(SERVICE, "refused", f"{SERVICE} refused the call: {said}", status=reply.status)
        return envelope.result

    async def upload_service(self, project: str) -> Service:
        """Return the way to upload content for a project, good for a few minutes. Raises ServiceFault."""
        found = await self.ask(Request("GET", f"{self._place(project)}/upload-token", idempotent=True))
        return _service(SecretStr(_read(_Token, found).jwt), self._base_url, _UPLOAD)

    def _place(self, project: str) -> str:
        return f"{self._projects}/{quote(project, safe='')}"

    async def _project(self, name: str) -> _Project:
        """Get a project, or make it."""
        get = Request("GET", self._place(name), idempotent=True)
        try:
            return _read(_Project, await self.ask(get))
        except ServiceFault as fault:
            if fault.kind != "not_found":
                raise
        try:
            body: dict[str, JsonValue] = {"name": name, "production_branch": BRANCH}
            return _read(_Project, await self.ask(Request("POST", self._projects, body=body)))
        except ServiceFault as fault:
            # Somebody else made it meanwhile, or it was made and we were not told.
            if fault.kind not in ("refused", "timeout", "unreachable", "overloaded"):
                raise
            try:
                return _read(_Project, await self.ask(get))
            except ServiceFault:
                raise fault from None

    async def _made(self, project: str, key: str) -> _Deployment | None:
        """Return the deployment that was made under `key`, among the newest."""
        found = await self.ask(Request("GET", f"{self._place(project)}/deployments", idempotent=True))
        for each in found if isinstance(found, list) else []:
            deployment = _read(_Deployment, each)
            if deployment.key == key:
                return deployment
        return None

    async def _deploy(self, project: str, manifest: Mapping[str, str], key: str) -> _Deployment:
        content = await asyncio.to_thread(
            _form, {"manifest": json.dumps(manifest), "branch": BRANCH, "commit_message": key}
        )
        request = Request(
            "POST",
            f"{self._place(project)}/deployments",
            content=content,
            content_type=f"multipart/form-data; boundary={_BOUNDARY}",
        )
        try:
            return _read(_Deployment, await self.ask(request))
        except ServiceFault as fault:
            if not fault.may_pass:
                raise
            _log.warning("a deployment may have been made, or not: %s", fault.message)
            await asyncio.sleep(min(fault.retry_after_seconds or _LOOK_SECONDS, _BOUNDS.total_seconds))
            made = await self._made(project, key)
            return made or _read(_Deployment, await self.ask(request))

    async def _live(self, project: str, deployment: _Deployment) -> None:
        """Wait until it is shown. Raises ServiceFault."""
        ends = time.monotonic() + _LIVE_SECONDS
        while True:
            stage = deployment.latest_stage
            if stage is not None and stage.name == "deploy" and stage.status == "success":
                return
            if stage is not None and stage.status in ("failure", "canceled"):
                raise ServiceFault(
                    SERVICE, "refused", f"Cloudflare ended the deployment at {stage.name}: {stage.status}."
                )
            if time.monotonic() > ends:
                raise ServiceFault(
                    SERVICE,
                    "timeout",
                    f"The deployment was made, but is not shown after {_LIVE_SECONDS:g} s.",
                    hint=f"It may be shown later at {deployment.url}.",
                )
            await asyncio.sleep(_LOOK_SECONDS)
            place = f"{self._place(project)}/deployments/{quote(deployment.id, safe='')}"
            deployment = _read(_Deployment, await self.ask(Request("GET", place, idempotent=True)))


class _Upload:
    """Brings the content that Cloudflare lacks, with a new upload token whenever the old one is over."""

    def __init__(self, pages: CloudflarePages, project: str, hashed: Sequence[tuple[str, PagesFile]]) -> None:
        self._pages = pages
        self._project = project
        self._files = dict(hashed)
        self._service: Service | None = None
        self._until = 0.0

    async def run(self) -> int:
        """Upload; return how many files were missing."""
        hashes: list[JsonValue] = list(self._files)
        missing = await self._ask("/pages/assets/check-missing", {"hashes": hashes})
        lacking = missing if isinstance(missing, list) else hashes
        wanted = [name for name in lacking if isinstance(name, str) and name in self._files]
        for batch in _batches([(name, self._files[name]) for name in wanted]):
            content = await asyncio.to_thread(_payload, batch)
            await self._send("/pages/assets/upload", content)
        await self._ask("/pages/assets/upsert-hashes", {"hashes": hashes})
        return len(wanted)

    async def _ask(self, path: str, body: dict[str, JsonValue]) -> JsonValue:
        return await self._send(path, json.dumps(body).encode())

    async def _send(self, path: str, content: bytes) -> JsonValue:
        """All three calls may be made twice: content is known by its hash."""
        request = Request("POST", path, content=content, idempotent=True)
        try:
            return await self._pages.ask(request, await self._way())
        except ServiceFault as fault:
            if fault.kind != "unauthorized":
                raise
            self._until = 0.0
            return await self._pages.ask(request, await self._way())

    async def _way(self) -> Service:
        if self._service is None or time.monotonic() > self._until:
            self._service = await self._pages.upload_service(self._project)
            self._until = time.monotonic() + _TOKEN_SECONDS
        return self._service


def file_hash(content: bytes, extension: str) -> str:
    """Return what Cloudflare knows a file by: BLAKE3 of its base64 text and its extension, half of it."""
    return blake3(base64.b64encode(content) + extension.encode()).hexdigest()[:32]


def _hashed(files: Sequence[PagesFile]) -> list[tuple[str, PagesFile]]:
    """Blocks."""
    return [(file_hash(file.copy.read_bytes(), file.extension), file) for file in files]


def _batches(files: Sequence[tuple[str, PagesFile]]) -> Iterator[Sequence[tuple[str, PagesFile]]]:
    batch: list[tuple[str, PagesFile]] = []
    size = 0
    for each in files:
        if batch and (size + each[1].size > _BATCH_BYTES or len(batch) >= _BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each[1].size
    if batch:
        yield batch


def _payload(batch: Sequence[tuple[str, PagesFile]]) -> bytes:
    """Blocks."""
    return json.dumps(
        [
            {
                "key": name,
                "value": base64.b64encode(file.copy.read_bytes()).decode(),
                "metadata": {"contentType": file.content_type},
                "base64": True,
            }
            for name, file in batch
        ]
    ).encode()


def _form(fields: Mapping[str, str]) -> bytes:
    """Write fields as multipart/form-data (RFC 7578). JSON has no line ends, and ours no boundary."""
    parts = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return f"{parts}--{_BOUNDARY}--\r\n".encode()


def _service(token: SecretStr, base_url: str, bounds: Bounds) -> Service:
    bearer = SecretStr(f"Bearer {token.get_secret_value()}")
    return replace(Service(SERVICE, base_url, {"Authorization": bearer}), bounds=bounds)


def _read(model: type[T], value: JsonValue, reply: Reply | None = None) -> T:
    try:
        return model.model_validate(value)
    except ValidationError:
        raise ServiceFault(
            SERVICE,
            "bad_answer",
            "cloudflare answered something else than its documentation says.",
            status=reply.status if reply else None,
        ) from None
