"""Metrics for the operator, runs that are stuck, and what is answered while the database is away."""

import asyncio
import re
from contextlib import nullcontext
from dataclasses import replace

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from factotum.api.auth import TokenAuthenticator
from factotum.api.context import open_context
from factotum.api.main import create_app
from factotum.core.tasks import all_of
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.services import Services
from factotum.settings import Settings
from tests.api.api_support import following, new_run, new_thread
from tests.api.conftest import Api
from tests.stopped import stopped
from tests.waiting import until

_LABELS = r'\{\w+="\w+"(,\w+="\w+")*\}'
_LINE = re.compile(rf"^(# (HELP|TYPE) factotum_\w+ .+|factotum_\w+({_LABELS})? [-+.e\d]+)$")
OPERATOR = {"Authorization": "Bearer operator-0123456789"}


@pytest.fixture
def api_settings(api_settings: Settings) -> Settings:
    return api_settings.model_copy(update={"metrics_token": SecretStr("operator-0123456789")})


def _values(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines}


async def test_metrics_tell_what_waits_and_what_was_done(api: Api) -> None:
    before = _values((await api.stranger.get("/metrics", headers=OPERATOR)).text)
    run = await new_run(api.alice)
    stopped = await new_run(api.alice)
    await api.alice.post(f"/v1/runs/{stopped['id']}/stop")
    async with following(api.alice, run["id"]) as live:
        await live.until(b"run.queued")
        answer = await api.stranger.get("/metrics", headers=OPERATOR)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert [line for line in answer.text.splitlines() if not _LINE.match(line)] == []
    values = _values(answer.text)
    assert values['factotum_runs{status="queued"}'] == 1
    assert values["factotum_streams"] == 1
    assert values["factotum_queue_oldest_seconds"] > 0
    assert values["factotum_runs_without_room"] == 0
    ended = 'factotum_runs_ended_total{status="stopped"}'
    assert values[ended] == before[ended] + 1
    assert values['factotum_up{part="redis"}'] == 1


async def test_metrics_are_for_the_operator(api: Api) -> None:
    for caller in (api.stranger, api.alice):
        refused = await caller.get("/metrics")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert (await api.stranger.get("/metrics", headers={"Authorization": "Basic x"})).status_code == 401


@pytest.mark.parametrize(
    ("host", "headers", "mode", "status"),
    [
        ("127.0.0.1", {}, "local", 200),
        ("::1", {}, "local", 200),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, "local", 401),
        ("127.0.0.1", {}, "production", 401),
        ("10.0.0.1", {}, "local", 401),
        ("testclient", {}, "local", 401),
    ],
)
async def test_this_machine_may_read_them_in_local_mode(
    services: Services, host: str, headers: dict[str, str], mode: str, status: int
) -> None:
    changed = replace(services, settings=services.settings.model_copy(update={"env_mode": mode}))
    async with open_context(changed, TokenAuthenticator({})) as context:
        app = create_app(lambda: nullcontext(context))
        app.state.context = context
        transport = httpx.ASGITransport(app=app, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
            assert (await http.get("/metrics", headers=headers)).status_code == status


async def test_stuck_runs_are_told_with_the_reason(api: Api, admin_database_url: str) -> None:
    runs = [await new_run(api.alice) for _ in range(7)]
    assert (await api.alice.get("/v1/runs/stuck")).json() == {"items": []}
    ids = [run["id"] for run in runs]
    with psycopg.connect(admin_database_url) as connection:
        connection.execute("update factotum.runs set queued_at = now() - interval '5 minutes'")
        connection.execute("update factotum.runs set enqueued = false where id = %s", (ids[1],))
        connection.execute(
            "update factotum.runs set status = 'running', owner = 'gone', started_at = now(),"
            " lease_until = now() - interval '2 minutes' where id = any(%s)",
            (ids[2:4],),
        )
        connection.execute("update factotum.runs set crashes = 3 where id = %s", (ids[3],))
        connection.execute(
            "update factotum.runs set status = 'running', owner = 'here', started_at = now(),"
            " lease_until = now() + interval '1 minute' where id = %s",
            (ids[4],),
        )
        # Handed over by a worker that drained: one long ago, one just now.
        connection.execute(
            "update factotum.runs set status = 'running', owner = 'left', started_at = now(),"
            " lease_until = '-infinity', queued_at = now() - make_interval(mins => %s) where id = %s",
            (3, ids[5]),
        )
        connection.execute(
            "update factotum.runs set status = 'running', owner = 'left', started_at = now(),"
            " lease_until = '-infinity', queued_at = now() where id = %s",
            (ids[6],),
        )
    found = (await api.alice.get("/v1/runs/stuck")).json()["items"]
    assert next(each["seconds"] for each in found if each["run"]["id"] == ids[5]) >= 180
    ids[4:6] = [ids[5]]
    assert {each["run"]["id"]: each["why"] for each in found} == dict(
        zip(ids, ["no_free_worker", "no_room", "no_worker", "crashing", "no_worker"], strict=False)
    )
    assert all(each["hint"] and each["seconds"] >= 0 for each in found)
    assert [each["seconds"] for each in found] == sorted((each["seconds"] for each in found), reverse=True)
    assert len((await api.alice.get("/v1/runs/stuck?limit=2")).json()["items"]) == 2
    assert (await api.bob.get("/v1/runs/stuck")).json() == {"items": []}


async def test_while_the_database_is_away_every_request_says_when_to_come_back(
    api: Api, services: Services
) -> None:
    """As in a restart: connections break, and no new one can be made."""
    run = await new_run(api.alice)
    thread = run["thread_id"]
    await services.database.close()
    for method, path, body in (
        ("GET", "/v1/me", None),
        ("GET", "/v1/runs", None),
        ("GET", "/v1/runs/stuck", None),
        ("GET", f"/v1/runs/{run['id']}", None),
        ("GET", f"/v1/runs/{run['id']}/events", None),
        ("GET", f"/v1/threads/{thread}/messages", None),
        ("GET", f"/v1/threads/{thread}/files", None),
        ("POST", f"/v1/threads/{thread}/runs", {"input": "x"}),
        ("POST", f"/v1/runs/{run['id']}/stop", None),
        ("POST", "/v1/projects", {"name": "x"}),
        ("DELETE", f"/v1/threads/{thread}", None),
    ):
        answer = await api.alice.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), path
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["hint"]
    metrics = (await api.stranger.get("/metrics", headers=OPERATOR)).text
    assert _values(metrics)['factotum_up{part="postgres"}'] == 0


async def test_while_the_database_hangs_nobody_waits_without_end_and_nothing_is_done_twice(
    api: Api, postgres: EmbeddedPostgres
) -> None:
    """It is stopped, with all that works for it: no connection breaks, and none answers."""
    thread = await new_thread(api.alice)

    async def ask(number: int) -> httpx.Response:
        key = {"Idempotency-Key": f"asked-{number}"}
        return await api.alice.post(f"/v1/threads/{thread}/runs", json={"input": "x"}, headers=key)

    with stopped(postgres.pid):
        async with asyncio.timeout(60):
            answers = await all_of([ask(number) for number in range(15)])
            ready = await api.stranger.get("/readyz")
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    assert (ready.status_code, ready.json()["status"]) == (503, "down")
    for number in range(15):

        async def taken(number: int = number) -> bool:
            answer = await ask(number)
            assert answer.status_code in (202, 503)
            return answer.status_code == 202

        await until(taken, 60)
    found = (await api.alice.get("/v1/runs?limit=100")).json()["items"]
    assert len(found) == 15
