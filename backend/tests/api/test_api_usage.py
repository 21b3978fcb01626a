"""What an account used: sums by day, model and agent, and the bounds of a period."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from dirty_equals import IsFloat

from factotum.core.clock import now
from factotum.protocol.runs import Usage
from factotum.store.runs import Runs
from tests.api.api_support import claim, new_run
from tests.api.conftest import Api
from tests.fixtures_store import ALICE

SUM = {
    "runs": 1,
    "steps": 3,
    "input_tokens": 1000,
    "cached_tokens": 600,
    "output_tokens": 100,
    "cost_usd": 0.25,
    "unpriced_runs": 0,
}
NOTHING = dict.fromkeys(SUM, 0) | {"cost_usd": None}


class Account:
    """Alice's, whose runs were made at chosen times."""

    def __init__(self, api: Api, admin_url: str) -> None:
        self.api = api
        self._admin_url = admin_url

    async def used(self, at: datetime, *, cost: float | None = 0.25, **body: Any) -> None:
        """Let a run that was made at some time use something."""
        run = await new_run(self.api.alice, **body)
        await claim(self.api.services, run["id"])
        usage = Usage(input_tokens=1000, cached_tokens=600, output_tokens=100, cost_usd=cost)
        async with self.api.services.database.tenant(ALICE) as tx:
            await Runs(tx).save_step(run["id"], 1, step=3, usage=usage, log_seq=1)
            await Runs(tx).finish(run["id"], 1, status="finished", usage=usage, log_seq=2)

        def date_it() -> None:
            with psycopg.connect(self._admin_url) as connection:
                connection.execute("update factotum.runs set created_at = %s where id = %s", (at, run["id"]))

        await asyncio.to_thread(date_it)

    async def usage(self, **query: object) -> dict[str, Any]:
        """Read the sums."""
        answer = await self.api.alice.get("/v1/usage", params={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture
def account(api: Api, admin_database_url: str) -> Account:
    """Return Alice's account."""
    return Account(api, admin_database_url)


async def test_days_are_summed_in_utc(account: Account) -> None:
    noon = now().replace(hour=12)
    today, before = noon.date(), noon.date() - timedelta(days=2)
    assert await account.usage() == {
        "from": str(today - timedelta(days=29)),
        "to": str(today),
        "by": "day",
        "items": [],
        "total": NOTHING,
    }
    await account.used(noon)
    await account.used(noon.replace(hour=0, minute=0, second=0, microsecond=0))
    await account.used(noon - timedelta(days=2), cost=None)
    await account.used(noon - timedelta(days=40))
    found = await account.usage()
    assert found["items"] == [
        {**SUM, "key": str(before), "name": str(before), "cost_usd": None, "unpriced_runs": 1},
        {"key": str(today), "name": str(today)} | {name: 2 * value for name, value in SUM.items()},
    ]
    assert found["total"] == {name: 3 * value for name, value in SUM.items()} | {
        "cost_usd": 0.5,
        "unpriced_runs": 1,
    }
    assert (await account.usage(to=before))["total"]["runs"] == 1
    wide = {"from": today - timedelta(days=365), "to": today}
    assert (await account.usage(**wide))["total"]["runs"] == 4


async def test_models_and_agents_are_told_apart(account: Account) -> None:
    made = await account.api.alice.post("/v1/agents", json={"name": "Analyst"})
    agent = made.json()["id"]
    await account.used(now(), agent_id=agent)
    await account.used(now(), model="anthropic/scripted")
    await account.used(now(), agent_id=agent, cost=0.1)
    by_model = await account.usage(by="model")
    assert [(item["key"], item["runs"]) for item in by_model["items"]] == [
        ("openai/scripted", 2),
        ("anthropic/scripted", 1),
    ]
    by_agent = (await account.usage(by="agent"))["items"]
    assert [(item["key"], item["name"], item["runs"]) for item in by_agent] == [
        (agent, "Analyst", 2),
        ("", "", 1),
    ]
    assert by_agent[0]["cost_usd"] == IsFloat(approx=0.35)
    assert by_model["total"] == (await account.usage(by="agent"))["total"]
    assert (await account.api.bob.get("/v1/usage")).json()["total"] == NOTHING


async def test_a_period_is_bounded(account: Account) -> None:
    today = now().date()
    for query in (
        {"from": today, "to": today - timedelta(days=1)},
        {"from": today - timedelta(days=366), "to": today},
        {"from": "0001-01-01", "to": "9999-12-31"},
    ):
        answer = await account.api.alice.get("/v1/usage", params={k: str(v) for k, v in query.items()})
        assert (answer.status_code, answer.json()["code"]) == (422, "period_invalid"), query
    for query in ({"from": "yesterday"}, {"by": "hour"}, {"to": "2026-02-30"}):
        assert (await account.api.alice.get("/v1/usage", params=query)).status_code == 422
    for edge in ("0001-01-01", "9999-12-31"):
        assert (await account.usage(**{"to": edge}))["items"] == []


async def test_the_sum_reads_an_index(account: Account, admin_database_url: str) -> None:
    def plan() -> str:
        with psycopg.connect(admin_database_url) as connection:
            connection.execute("set enable_seqscan = off")
            rows = connection.execute(
                "explain select sum(step) from factotum.runs where account_id = gen_random_uuid()"
                " and created_at >= '2026-01-01' and created_at < '2026-02-01'"
            ).fetchall()
            return "\n".join(str(row[0]) for row in rows)

    assert "runs_of_account_by_time" in await asyncio.to_thread(plan)
