"""Taking over a run's browser over HTTP, with real Chromium in a real sandbox: who may, and what stays."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from factotum.api.routes import browsers
from factotum.core.ids import new_id
from factotum.protocol.runs import Question
from factotum.sandbox.browser.client import Browser
from factotum.sandbox.browser.wire import Frame
from factotum.store.runs import Runs
from factotum.testing.memory_context import MemoryToolContext
from factotum.tools.builtin import browser as browser_tools
from factotum.tools.builtin.browser_pages import browser_wait
from factotum.tools.builtin.browser_reading import browser_look
from tests.api.api_support import claim, new_run
from tests.api.conftest import Api
from tests.fixtures_store import ALICE
from tests.needs import needs_browser, needs_sandbox

PASSWORD = "correct-horse-battery"
FORM = """<!doctype html><title>Sign in</title>
<form onsubmit="document.title = 'Hello ' + u.value; history.pushState(0, '', '?p=' + p.value); return false">
<input id=u aria-label=User autofocus><input id=p type=password aria-label=Password><button>Go</button></form>
"""


async def asking(api: Api) -> dict[str, Any]:
    """Make a run that waits for a person to take over its browser."""
    run = await new_run(api.alice)
    await (await claim(api.services, run["id"])).close()
    async with api.services.database.tenant(ALICE) as tx:
        question = Question(reason="hand_over", text="Sign in", call_id="call-0")
        await Runs(tx).await_input(run["id"], 1, question=question, log_seq=2)
    return run


async def opened(api: Api, run: dict[str, Any]) -> Browser:
    """Let the agent open the form in a real browser."""
    site = api.services.settings.sandbox_python
    await needs_browser(site)
    await needs_sandbox(api.services.sandboxes)
    sandbox = await api.services.sandboxes.open(run["project_id"])
    await sandbox.write("form.html", _once(FORM.encode()), limit=10_000)
    browser = Browser(sandbox)
    await browser.do("go_to", {"url": "/workspace/form.html", "new_tab": False}, seconds=60, show=_unseen)
    return browser


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _unseen(_frame: Frame) -> None:
    """Look away."""


async def post(api: Api, run: dict[str, Any], what: str, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = await api.alice.post(f"/v1/runs/{run['id']}/browser/{what}", json=body, timeout=60)
    return answer.status_code, answer.json()


async def refused(api: Api, run: dict[str, Any], what: str, **body: Any) -> tuple[int, str]:
    """Return how a request was refused: status and code."""
    status, problem = await post(api, run, what, **body)
    return status, problem["code"]


def typed(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def pressed(key: str) -> dict[str, str]:
    return {"type": "key", "key": key}


async def test_a_browser_is_taken_driven_and_handed_back_and_what_was_typed_is_nowhere(
    api: Api, admin_database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(browser_tools, "TAKEN_SECONDS", 0.2)
    run = await asking(api)
    agent = MemoryToolContext((await opened(api, run)).sandbox)
    assert await refused(api, run, "input", token="none") == (409, "browser_not_taken")
    status, taken = await post(api, run, "take")
    token = taken["token"]
    assert (status, taken["lease_seconds"], taken["look"]["tabs"][0]["title"]) == (200, 30, "Sign in")
    assert await refused(api, run, "take") == (409, "browser_taken")
    denied = await agent.call(browser_look)
    assert (denied.outcome, denied.code) == ("error", "browser_taken")

    events = [typed("ada"), pressed("Tab"), typed(PASSWORD), pressed("Enter")]
    status, look = await post(api, run, "input", token=token, events=events)
    assert status == 200
    status, look = await post(api, run, "input", token=token, seen=look["mark"])
    assert look["tabs"][0]["title"] == "Hello ada"
    watched = await api.alice.get(f"/v1/runs/{run['id']}/browser/look")
    assert (watched.json()["held"], watched.json()["picture"] is not None) == (True, True)

    status, back = await post(api, run, "hand-back", token=token, note="I am in.")
    assert (status, back["run"]["status"]) == (200, "queued")
    async with api.services.database.tenant(ALICE) as tx:
        answer = await Runs(tx).answer(run["id"])
    assert answer is not None
    assert str(answer.value).startswith("The person had the browser for ")
    assert "handed it back.\nThey say: I am in.\nPage: Hello ada\n" in str(answer.value)
    assert (await api.alice.get(f"/v1/runs/{run['id']}/browser/frame")).status_code == 200
    seen = await agent.call(browser_look)
    assert (seen.outcome, PASSWORD in seen.text) == ("ok", False)
    assert await refused(api, run, "input", token=token) == (409, "browser_not_taken")
    for where in (
        await _rows(admin_database_url),
        await _keys(api),
        caplog.text,
        str(agent.pages),
        seen.text,
    ):
        assert PASSWORD not in where
        assert "correct-horse" not in where


async def test_who_vanishes_loses_it_and_a_stop_does_not_take_it_away(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await asking(api)
    browser = await opened(api, run)
    agent = MemoryToolContext(browser.sandbox)
    waiting = asyncio.create_task(agent.call(browser_wait, seconds=60))
    await asyncio.sleep(1)
    monkeypatch.setattr("factotum.runs.hand_over.LEASE_SECONDS", 1.5)
    _, first = await post(api, run, "take")
    assert (await waiting).code == "browser_interrupted"
    # The agent's call waits, and is done when the person's time is over.
    monkeypatch.setattr(browser_tools, "TAKEN_SECONDS", 30)
    looked = await agent.call(browser_look)
    assert looked.outcome == "ok", looked.text
    assert "and left it as it is now.]" in looked.text
    assert await refused(api, run, "input", token=first["token"]) == (409, "browser_not_taken")

    monkeypatch.setattr("factotum.runs.hand_over.LEASE_SECONDS", 60)
    _, second = await post(api, run, "take")
    stopped = await api.alice.post(f"/v1/runs/{run['id']}/stop")
    assert stopped.json()["status"] == "stopped"
    away = {"type": "go", "url": "about:blank"}
    status, _ = await post(api, run, "input", token=second["token"], events=[away])
    assert status == 200
    status, back = await post(api, run, "hand-back", token=second["token"], note="Look {now}.")
    assert (status, back["run"]["status"]) == (200, "stopped")
    assert "handed it back. They say: Look {now}.]" in (await agent.call(browser_look)).text
    # A browser that has ended is opened anew, where it was.
    await browser.sandbox.sessions.kill("factotum-browser")
    assert await refused(api, run, "input", token=second["token"]) == (409, "browser_not_open")
    status, third = await post(api, run, "take", url="/workspace/form.html")
    assert (status, third["look"]["tabs"][0]["title"]) == (200, "Sign in")


async def test_a_strangers_run_and_a_browser_that_is_not_there(api: Api) -> None:
    run = await asking(api)
    for what, body in (("take", {}), ("input", {"token": "t"}), ("hand-back", {"token": "t"})):
        answer = await api.bob.post(f"/v1/runs/{run['id']}/browser/{what}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")
    assert (await api.bob.get(f"/v1/runs/{run['id']}/browser/look")).status_code == 404
    assert await refused(api, run, "take") == (409, "browser_not_open")
    assert (await post(api, {"id": new_id()}, "take"))[0] == 404


async def test_bad_input_is_refused_and_not_repeated(api: Api) -> None:
    run = await asking(api)
    for event in (
        {"type": "text", "text": PASSWORD * 100},
        {"type": "paste", "text": PASSWORD, "more": PASSWORD},
        {"type": "text", "text": [PASSWORD]},
        {"type": "nonsense", "text": PASSWORD},
        {"type": "move", "x": -1, "y": 5000},
        {"type": "key", "key": "not a key"},
        {"type": "key", "key": "Enter", "modifiers": ["Hyper"]},
    ):
        answer = await api.alice.post(
            f"/v1/runs/{run['id']}/browser/input", json={"token": "t", "events": [event]}
        )
        assert answer.status_code == 422
        assert PASSWORD not in answer.text
    many = [typed("a")] * (browsers.MOST_EVENTS + 1)
    assert (await post(api, run, "input", token="t", events=many))[0] == 422


async def _rows(admin_url: str) -> str:
    """Return every row of every table, as text."""
    found: list[str] = []
    async with await psycopg.AsyncConnection.connect(admin_url) as connection:
        tables = await connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        )
        for (table,) in await tables.fetchall():
            query = f"select coalesce(string_agg(t::text, e'\\n'), '') from {table} t"
            rows = await connection.execute(query.encode())
            found.append(str(await rows.fetchone()))
    return "\n".join(found)


async def _keys(api: Api) -> str:
    """Return what Redis holds, as text."""
    client: Any = api.services.redis.client
    found: list[str] = []
    async for key in client.scan_iter():
        kind = (await client.type(key)).decode()
        match kind:
            case "string":
                found.append(str(await client.get(key)))
            case "hash":
                found.append(str(await client.hgetall(key)))
            case "stream":
                found.append(str(await client.xrange(key)))
            case "zset":
                found.append(str(await client.zrange(key, 0, -1)))
            case _:
                found.append(str(await client.smembers(key)))
    return "\n".join(found)
