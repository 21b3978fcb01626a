"""Agents and models over HTTP, readiness, the description of the API, and starting without a token."""

import asyncio
import json
import logging

import pytest

from factotum.api import main
from factotum.api.main import context_from_settings, create_app
from factotum.bus.redis import Redis
from factotum.core.errors import SandboxRefused, SetupFault
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.features.health import HealthService
from factotum.protocol.events import RUN_EVENT
from factotum.settings import Settings
from factotum.store.database import Database
from factotum.testing.memory_sandbox import MemorySandboxProvider
from tests.api.conftest import Api


async def test_an_agent_is_made_changed_listed_and_deleted(api: Api) -> None:
    made = await api.alice.post(
        "/v1/agents", json={"name": "Writer", "instructions": "Be brief.", "settings": {"a": [1, None]}}
    )
    agent = made.json()
    assert made.status_code == 201
    assert (agent["model"], agent["settings"]) == (None, {"a": [1, None]})
    address = f"/v1/agents/{agent['id']}"
    changed = (await api.alice.patch(address, json={"model": "openai/scripted"})).json()
    assert changed == {**agent, "model": "openai/scripted"}
    assert (await api.alice.patch(address, json={"model": None, "name": "W"})).json() == {
        **agent,
        "name": "W",
    }
    assert (await api.alice.patch(address, json={})).json()["name"] == "W"
    assert [item["id"] for item in (await api.alice.get("/v1/agents")).json()["items"]] == [agent["id"]]
    assert (await api.alice.delete(address)).status_code == 204
    assert (await api.alice.get(address)).json()["code"] == "agent_not_found"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"name": "x", "model": "no/such"}, "model_unknown", "model"),
        (
            {"name": "x", "settings": {"fallback_models": ["openai/scripted", "no/such"]}},
            "model_unknown",
            "settings.fallback_models.1",
        ),
        ({"name": "x", "settings": []}, "invalid_input", "settings"),
        (
            {"name": "x", "settings": {"big": "y" * 19_000, "deep": [[[[1]]]]}, "extra": 1},
            "invalid_input",
            "extra",
        ),
        ({"name": None}, "invalid_input", "name"),
    ],
)
async def test_a_wrong_agent_is_refused(api: Api, body: dict[str, object], code: str, field: str) -> None:
    refused = await api.alice.post("/v1/agents", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert [wrong["field"] for wrong in refused.json()["errors"]] == [field]
    agent = (await api.alice.post("/v1/agents", json={"name": "x"})).json()
    changed = await api.alice.patch(f"/v1/agents/{agent['id']}", json=body)
    assert (changed.status_code, changed.json()["code"]) == (422, code)


async def test_fallbacks_of_agents_and_runs_are_checked(api: Api) -> None:
    """A name that leads nowhere is told when it is set, not when the model is down."""
    for settings, code in (
        ({"fallback_models": ["no-such"]}, "model_unknown"),
        ({"fallback_models": "openai/scripted"}, "fallback_invalid"),
        ({"fallback_models": ["openai/scripted"] * 6}, "fallback_invalid"),
    ):
        refused = await api.alice.post("/v1/agents", json={"name": "A", "settings": settings})
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    settings = {"fallback_models": ["openai/scripted"]}
    made = await api.alice.post("/v1/agents", json={"name": "A", "settings": settings})
    assert made.status_code == 201
    thread = (await api.alice.post("/v1/threads", json={})).json()
    body = {"input": "Hello.", "model": "anthropic/scripted", "agent_id": made.json()["id"]}
    run = await api.alice.post(f"/v1/threads/{thread['id']}/runs", json=body)
    assert run.json()["options"]["fallback_models"] == ["openai/scripted"]
    body["options"] = {"fallback_models": ["no-such"]}
    assert (await api.alice.post(f"/v1/threads/{thread['id']}/runs", json=body)).status_code == 422


async def test_models_that_lack_a_key_are_listed_on_demand(api: Api) -> None:
    few = (await api.alice.get("/v1/models")).json()
    everything = (await api.alice.get("/v1/models?all=true")).json()
    assert all(item["usable"] for item in few["items"])
    assert {item["id"] for item in few["items"]} < {item["id"] for item in everything["items"]}
    unusable = [item for item in everything["items"] if not item["usable"]]
    assert unusable
    assert all(item["note"] for item in unusable)


async def test_models_and_the_default_are_listed(api: Api) -> None:
    models = (await api.alice.get("/v1/models")).json()
    assert models["default"] == "openai/scripted"
    assert [item["id"] for item in models["items"]][:2] == ["openai/scripted", "anthropic/scripted"]


async def test_readiness_names_each_part(api: Api) -> None:
    answer = await api.stranger.get("/readyz")
    assert answer.status_code == 200
    parts = answer.json()["parts"]
    assert answer.json()["status"] == "degraded"  # nobody works in this test
    assert {name: part["ok"] for name, part in parts.items() if name != "sandbox"} == {
        "postgres": True,
        "redis": True,
        "worker": False,
    }
    assert "sandbox" in parts


async def test_readiness_without_redis_is_degraded(database: Database) -> None:
    redis = Redis("redis://127.0.0.1:9", deadline=0.5)
    health = HealthService(database, redis, MemorySandboxProvider())
    readiness = await health.readiness()
    assert readiness.status == "degraded"
    assert not readiness.parts["redis"].ok
    assert readiness.parts["sandbox"].ok
    await redis.aclose()


async def test_readiness_without_postgres_is_down_in_time(
    postgres: EmbeddedPostgres, valkey_url: str, database_name: str
) -> None:
    closed = Database(postgres.service_url(database=database_name))
    await closed.open()
    await closed.close()
    redis = Redis(valkey_url)
    readiness = await HealthService(closed, redis, MemorySandboxProvider(), deadline=0.5).readiness()
    assert readiness.status == "down"
    assert readiness.parts["redis"].ok
    await redis.aclose()


async def test_a_slow_trial_of_the_sandbox_goes_on_behind_the_deadline(
    database: Database, valkey_url: str
) -> None:
    class Slow(MemorySandboxProvider):
        asked = 0

        async def refusal(self) -> str | None:
            self.asked += 1
            await asyncio.sleep(0.6)
            return "No user namespaces."

    provider = Slow()
    redis = Redis(valkey_url)
    health = HealthService(database, redis, provider, deadline=0.4)
    first = (await health.readiness()).parts["sandbox"]
    assert (first.ok, "deadline" in first.detail) == (False, True)
    second = (await health.readiness()).parts["sandbox"]
    assert (second.ok, second.detail) == (False, "No user namespaces.")
    assert provider.asked == 1
    await health.aclose()
    await redis.aclose()


async def test_a_machine_that_cannot_isolate_says_so_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(project_id: str) -> None:
        raise SandboxRefused("No user namespaces.", hint="Allow them.")

    monkeypatch.setattr(api.services.sandboxes, "open", refused)
    thread = (await api.alice.post("/v1/threads", json={})).json()["id"]
    for answer in (
        await api.alice.get(f"/v1/threads/{thread}/files"),
        await api.alice.put(f"/v1/threads/{thread}/files/a", content=b"x"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "sandbox_refused")
        assert answer.json()["hint"] == "Allow them."


_OPERATIONS = [
    "accept_invitation: POST /v1/invitations/accept",
    "answer_run: POST /v1/runs/{run_id}/input",
    "choose_branch: POST /v1/threads/{thread_id}/branch",
    "create_agent: POST /v1/agents",
    "create_invitation: POST /v1/invitations",
    "create_key: POST /v1/keys",
    "create_message: POST /v1/threads/{thread_id}/messages",
    "create_project: POST /v1/projects",
    "create_run: POST /v1/threads/{thread_id}/runs",
    "create_share: POST /v1/threads/{thread_id}/shares",
    "create_thread: POST /v1/threads",
    "decide_approval: POST /v1/runs/{run_id}/approvals/{approval_id}",
    "delete_agent: DELETE /v1/agents/{agent_id}",
    "delete_file: DELETE /v1/threads/{thread_id}/files/{path}",
    "delete_project: DELETE /v1/projects/{project_id}",
    "delete_secret: DELETE /v1/secrets/{name}",
    "delete_snapshot: DELETE /v1/projects/{project_id}/snapshots/{snapshot_id}",
    "delete_thread: DELETE /v1/threads/{thread_id}",
    "download_archive: GET /v1/threads/{thread_id}/archive",
    "download_file: GET /v1/threads/{thread_id}/files/{path}",
    "download_shared_file: GET /v1/shared/files/{path}",
    "drive_browser: POST /v1/runs/{run_id}/browser/input",
    "edit_message: POST /v1/threads/{thread_id}/messages/{message_id}/edit",
    "end_session: DELETE /v1/session",
    "exchange_code: POST /v1/auth/exchange",
    "get_agent: GET /v1/agents/{agent_id}",
    "get_browser_frame: GET /v1/runs/{run_id}/browser/frame",
    "get_health: GET /healthz",
    "get_index: GET /",
    "get_me: GET /v1/me",
    "get_project: GET /v1/projects/{project_id}",
    "get_readiness: GET /readyz",
    "get_run: GET /v1/runs/{run_id}",
    "get_shared: GET /v1/shared",
    "get_thread: GET /v1/threads/{thread_id}",
    "get_usage: GET /v1/usage",
    "hand_back_browser: POST /v1/runs/{run_id}/browser/hand-back",
    "list_agents: GET /v1/agents",
    "list_approvals: GET /v1/runs/{run_id}/approvals",
    "list_circuits: GET /v1/admin/circuits",
    "list_deployments: GET /v1/projects/{project_id}/deployments",
    "list_files: GET /v1/threads/{thread_id}/files",
    "list_invitations: GET /v1/invitations",
    "list_keys: GET /v1/keys",
    "list_members: GET /v1/members",
    "list_messages: GET /v1/threads/{thread_id}/messages",
    "list_models: GET /v1/models",
    "list_network_connections: GET /v1/threads/{thread_id}/network",
    "list_permissions: GET /v1/threads/{thread_id}/permissions",
    "list_projects: GET /v1/projects",
    "list_runs: GET /v1/runs",
    "list_secrets: GET /v1/secrets",
    "list_shared_messages: GET /v1/shared/messages",
    "list_shares: GET /v1/threads/{thread_id}/shares",
    "list_snapshots: GET /v1/projects/{project_id}/snapshots",
    "list_stuck_runs: GET /v1/runs/stuck",
    "list_thread_runs: GET /v1/threads/{thread_id}/runs",
    "list_threads: GET /v1/threads",
    "list_tools: GET /v1/tools",
    "look_at_browser: GET /v1/runs/{run_id}/browser/look",
    "look_at_invitation: POST /v1/invitations/look",
    "put_secret: PUT /v1/secrets/{name}",
    "remove_member: DELETE /v1/members/{user_id}",
    "reset_circuit: POST /v1/admin/circuits/{name}/reset",
    "restore_snapshot: POST /v1/projects/{project_id}/snapshots/{snapshot_id}/restore",
    "retry_message: POST /v1/threads/{thread_id}/messages/{message_id}/retry",
    "retry_run: POST /v1/runs/{run_id}/retry",
    "revoke_invitation: DELETE /v1/invitations/{invitation_id}",
    "revoke_key: DELETE /v1/keys/{key_id}",
    "revoke_permission: DELETE /v1/threads/{thread_id}/permissions/{permission_id}",
    "revoke_share: DELETE /v1/shares/{share_id}",
    "stop_run: POST /v1/runs/{run_id}/stop",
    "stream_run_events: GET /v1/runs/{run_id}/events",
    "take_browser: POST /v1/runs/{run_id}/browser/take",
    "take_snapshot: POST /v1/projects/{project_id}/snapshots",
    "update_agent: PATCH /v1/agents/{agent_id}",
    "update_member: PATCH /v1/members/{user_id}",
    "update_project: PATCH /v1/projects/{project_id}",
    "update_run: PATCH /v1/runs/{run_id}",
    "update_thread: PATCH /v1/threads/{thread_id}",
    "upload_file: PUT /v1/threads/{thread_id}/files/{path}",
    "withdraw_deployment: DELETE /v1/projects/{project_id}/deployments/{deployment_id}",
]


async def test_operation_ids_are_unique_and_stable(api: Api) -> None:
    document = (await api.stranger.get("/openapi.json")).json()
    operations = [
        f"{operation['operationId']}: {method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len({line.split(":")[0] for line in operations}) == len(operations)
    assert sorted(operations) == _OPERATIONS


async def test_every_event_is_described_and_every_error_has_one_shape(api: Api) -> None:
    document = (await api.stranger.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    stream = document["paths"]["/v1/runs/{run_id}/events"]["get"]["responses"]["200"]["content"]
    described = json.dumps(stream["text/event-stream"]["schema"])
    events = RUN_EVENT.json_schema()["discriminator"]["mapping"]
    assert len(events) == 25
    for kind, reference in events.items():
        name = reference.rpartition("/")[2]
        assert schemas[name]["properties"]["type"]["const"] == kind
        assert "type" in schemas[name]["required"]
        assert f"#/components/schemas/{name}" in described
        assert {"run_id", "seq", "at"} <= set(schemas[name]["required"])
    assert schemas["RunRequest"]["required"] == ["input"]
    assert "required" not in schemas["RunOptions"]
    assert schemas["Snapshot"]["properties"]["type"]["const"] == "reset"
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    for methods in document["paths"].values():
        for operation in methods.values():
            problem = operation["responses"]["default"]["content"]
            assert problem == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
            assert "422" not in operation["responses"]
            assert operation["summary"]
            assert operation["tags"]


async def test_the_service_does_not_start_without_a_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    production = await asyncio.to_thread(Settings, env_mode="production", api_token=None)
    monkeypatch.setattr(main, "settings", lambda: production)
    monkeypatch.setattr(main, "configure_logs", _keep_logs)
    app = create_app(context_from_settings)
    with caplog.at_level(logging.CRITICAL), pytest.raises(SetupFault) as caught:
        async with app.router.lifespan_context(app):
            pass
    assert caught.value.stable_code == "api_token_missing"
    assert "FACTOTUM_API_TOKEN" in caplog.text


def _keep_logs(*, as_json: bool) -> None:
    """Leave logging to pytest."""
    assert as_json
