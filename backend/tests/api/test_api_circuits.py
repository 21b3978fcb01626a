"""The breakers over HTTP: all processes are told of, one is woken everywhere, and only the operator may."""

import asyncio

import pytest
from pydantic import SecretStr

from factotum.clients.faults import ServiceFault
from factotum.core.circuits import Circuits
from factotum.llm.faults import ModelFault
from factotum.settings import Settings
from tests.api.conftest import Api

OPERATOR = {"Authorization": "Bearer operator-0123456789"}


@pytest.fixture
def api_settings(api_settings: Settings) -> Settings:
    """Return settings with a token for the operator."""
    return api_settings.model_copy(update={"metrics_token": SecretStr("operator-0123456789")})


async def test_breakers_of_all_processes_are_listed_and_reset(api: Api) -> None:
    services = api.services
    for _ in range(5):
        services.outbound.breakers.of("tavily").admit().failed(ServiceFault("tavily", "timeout", "Too slow."))
    services.model_health.breakers.of("openai").admit().failed(ModelFault("unreachable", "Away."))
    other = Circuits({"service": services.outbound.breakers})
    await services.run_log.circuits.write("other:1", other.list())
    items = (await api.stranger.get("/v1/admin/circuits", headers=OPERATOR)).json()["items"]
    assert [(item["name"], item["state"], item["failures"], item["last"]) for item in items] == [
        ("model:openai", "closed", 1, "Away."),
        ("service:tavily", "open", 5, "Too slow."),
        ("service:tavily", "open", 5, "Too slow."),
    ]
    assert {item["process"] for item in items} == {"other:1", services.process}
    assert all(item["rests_seconds"] > 0 for item in items[1:])

    heard = asyncio.create_task(anext(services.signals.listen()))
    await asyncio.sleep(0.2)
    answer = await api.stranger.post("/v1/admin/circuits/service:tavily/reset", headers=OPERATOR)
    assert answer.status_code == 204
    signal = await asyncio.wait_for(heard, 5)
    assert (signal.kind, signal.run_id) == ("reset_circuit", "service:tavily")
    services.outbound.breakers.of("tavily").admit()
    unknown = await api.stranger.post("/v1/admin/circuits/service:nobody/reset", headers=OPERATOR)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "circuit_not_found")


async def test_breakers_are_for_the_operator(api: Api) -> None:
    for caller in (api.alice, api.stranger):
        assert (await caller.get("/v1/admin/circuits")).status_code == 401
        assert (await caller.post("/v1/admin/circuits/service:x/reset")).status_code == 401


async def test_a_call_of_a_service_is_counted(api: Api) -> None:
    with pytest.raises(ServiceFault):
        await _call_nobody(api)
    metrics = (await api.stranger.get("/metrics", headers=OPERATOR)).text
    assert 'factotum_outbound_calls_total{service="nobody",outcome="unreachable"} ' in metrics


async def _call_nobody(api: Api) -> None:
    from factotum.clients.service import Request, Service

    await api.services.outbound.call(Service("nobody", "http://127.0.0.1:1"), Request("GET", "/"))
