"""Cloudflare Pages on loopback, as its API's documentation and its own tool have it.

https://developers.cloudflare.com/api/resources/pages and wrangler's src/pages/upload.ts in
https://github.com/cloudflare/workers-sdk. It refuses what Cloudflare refuses: a wrong token, content without
its hash, a manifest that names what was never uploaded.
"""

import base64
import binascii
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any, cast

from factotum.core.ids import new_id
from factotum.testing.provider.http import Answer, HttpRequest
from factotum.testing.web.server import LoopbackWeb, json_answer

_HASH = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,56}[a-z0-9])?")
_KINDS = ("upload-token", "check-missing", "upload", "upsert-hashes", "deployments", "projects")


@dataclass(slots=True)
class Fault:
    """What is answered in place of the truth. `after`: the request does its work all the same."""

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    after: bool = False


@dataclass(slots=True)
class PagesProject:
    """A project, and its deployments, the newest first."""

    name: str
    deployments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    manifests: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])


class CloudflareFake:
    """The state behind the API, and the API itself as `web`.

    `faults` are answered once each, by kind, with or without a method before it: upload-token, check-missing,
    upload, upsert-hashes, deployments, projects. `slow` is how many looks a new deployment takes until it is
    shown, `ends` how it ends then. An upload token is good for `uses` calls.
    """

    def __init__(self, token: str, account: str = "a" * 32) -> None:
        self.account = account
        self.projects: dict[str, PagesProject] = {}
        self.content: dict[str, tuple[bytes, str]] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.asked: Counter[str] = Counter()
        self.slow = 0
        self.ends = "success"
        self.uses = 1000
        self.web = LoopbackWeb({}, otherwise=self._answer)
        self._token = token
        self._uploads: dict[str, int] = {}

    def site(self, project: str) -> dict[str, tuple[bytes, str]]:
        """Return what the newest deployment of a project shows: bytes and content type by path."""
        found = self.projects[project]
        manifest = found.manifests[found.deployments[0]["id"]]
        return {path: self.content[name] for path, name in manifest.items()}

    async def _answer(self, request: HttpRequest, answer: Answer) -> None:
        kind = next((each for each in _KINDS if f"/{each}" in request.path), "")
        self.asked[f"{request.method} {kind}"] += 1
        waiting = self.faults.get(f"{request.method} {kind}") or self.faults.get(kind)
        fault = waiting.pop(0) if waiting else None
        if fault is None or fault.after:
            status, result = self._decide(request)
        else:
            status, result = fault.status, cast("Any", None)
        if fault is not None and fault.status != 200:
            told = {"success": False, "errors": [{"code": 8000000, "message": "Something went wrong."}]}
            await json_answer(answer, told, fault.status, fault.headers)
            return
        ok = status < 300
        errors: list[Any] = [] if ok else [{"code": result[0], "message": result[1]}]
        told: dict[str, Any] = {"success": ok, "errors": errors, "messages": [], "result": None}
        if ok:
            told["result"] = result
        await json_answer(answer, told, status)

    def _decide(self, request: HttpRequest) -> tuple[int, Any]:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.path.startswith("/pages/assets/"):
            left = self._uploads.get(bearer, 0)
            if left <= 0:
                return 403, (8000013, "Authorization failed")
            self._uploads[bearer] = left - 1
            return self._assets(request)
        if bearer != self._token:
            return 403, (10000, "Authentication error")
        base = f"/accounts/{self.account}/pages/projects"
        if not f"{request.path}/".startswith(f"{base}/"):
            return 404, (7003, "Could not route to the path")
        return self._project(request, request.path.removeprefix(base).strip("/").split("/"))

    def _assets(self, request: HttpRequest) -> tuple[int, Any]:
        body = _json(request)
        if request.path.endswith("/upload"):
            if not isinstance(body, list):
                return 400, (8000000, "An array is expected")
            for each in cast("list[dict[str, Any]]", body):
                try:
                    content = base64.b64decode(each["value"], validate=True)
                    kind = str(each["metadata"]["contentType"])
                except (KeyError, TypeError, binascii.Error):
                    return 400, (8000000, "A file is not written as it should be")
                if each.get("base64") is not True or not _HASH.fullmatch(str(each.get("key"))):
                    return 400, (8000000, "A file's key is no hash")
                self.content[each["key"]] = content, kind
            return 200, {"successful_key_count": len(cast("list[Any]", body)), "unsuccessful_keys": []}
        hashes = cast("dict[str, Any]", body).get("hashes") if isinstance(body, dict) else None
        if not isinstance(hashes, list):
            return 400, (8000000, "hashes are expected")
        if request.path.endswith("/check-missing"):
            return 200, [each for each in cast("list[str]", hashes) if each not in self.content]
        return 200, None

    def _project(self, request: HttpRequest, place: list[str]) -> tuple[int, Any]:
        name = place[0]
        if not name:
            return self._new_project(_json(request))
        project = self.projects.get(name)
        if project is None:
            return 404, (8000007, "Project not found. The specified project name does not match any.")
        match (request.method, place[1:]):
            case ("GET", []):
                return 200, _shown(project)
            case ("DELETE", []):
                del self.projects[name]
                return 200, None
            case ("GET", ["upload-token"]):
                token = f"jwt-{new_id()}"
                self._uploads[token] = self.uses
                return 200, {"jwt": token}
            case ("GET", ["deployments"]):
                return 200, project.deployments[:25]
            case ("POST", ["deployments"]):
                return self._deploy(project, request)
            case ("GET", ["deployments", id_]):
                return self._look(project, id_)
            case _:
                return 405, (7001, "Method not allowed")

    def _new_project(self, body: Any) -> tuple[int, Any]:
        name = str(cast("dict[str, Any]", body).get("name")) if isinstance(body, dict) else ""
        if not _NAME.fullmatch(name):
            return 400, (8000001, "Invalid project name")
        if name in self.projects:
            return 409, (8000002, "A project with this name already exists")
        self.projects[name] = PagesProject(name)
        return 200, _shown(self.projects[name])

    def _deploy(self, project: PagesProject, request: HttpRequest) -> tuple[int, Any]:
        fields = _form(request)
        try:
            manifest = cast("dict[str, str]", json.loads(fields["manifest"]))
        except (KeyError, ValueError):
            return 400, (8000096, 'A "manifest" field was expected in the request body')
        if not all(path.startswith("/") and name in self.content for path, name in manifest.items()):
            return 400, (8000031, "The manifest names what was not uploaded")
        id_ = new_id()
        project.manifests[id_] = manifest
        project.deployments.insert(
            0,
            {
                "id": id_,
                "url": f"https://{id_[-8:]}.{project.name}.pages.dev",
                "environment": "production" if fields.get("branch") == "main" else "preview",
                "latest_stage": {"name": "queued", "status": "active"},
                "deployment_trigger": {
                    "type": "ad_hoc",
                    "metadata": {
                        "branch": fields.get("branch"),
                        "commit_message": fields.get("commit_message"),
                    },
                },
            },
        )
        return self._look(project, id_)

    def _look(self, project: PagesProject, id_: str) -> tuple[int, Any]:
        found = next((each for each in project.deployments if each["id"] == id_), None)
        if found is None:
            return 404, (8000009, "Deployment not found")
        if self.slow > 0:
            self.slow -= 1
        else:
            found["latest_stage"] = {"name": "deploy", "status": self.ends}
        return 200, found


def _shown(project: PagesProject) -> dict[str, Any]:
    return {
        "name": project.name,
        "subdomain": f"{project.name}.pages.dev",
        "production_branch": "main",
        "domains": [f"{project.name}.pages.dev"],
    }


def _json(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def _form(request: HttpRequest) -> dict[str, str]:
    """Read multipart/form-data."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.body)
    fields: dict[str, str] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields[name] = payload.decode()
    return fields
