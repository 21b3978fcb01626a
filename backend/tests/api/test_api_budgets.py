"""Budgets over HTTP: set with a run, refused when they make no sense, given to a run that asks."""

import pytest

from tests.api.conftest import Api


async def _run(api: Api, **options: object) -> dict[str, object]:
    thread = (await api.alice.post("/v1/threads", json={})).json()["id"]
    answer = await api.alice.post(f"/v1/threads/{thread}/runs", json={"input": "Go", "options": options})
    return {**answer.json(), "answered": answer.status_code}


@pytest.mark.parametrize(
    "options",
    [
        {"budget": {"cost_usd": 0}},
        {"budget": {"cost_usd": -1}},
        {"budget": {"tokens": 0}},
        {"budget": {"steps": 1.5}},
        {"budget": {"seconds": "long"}},
        {"budget": {"colour": 1}},
        {"budget": {"cost_usd": 1e9}},
        {"budget": {"steps": 5}, "step_limit": 6},
    ],
)
async def test_budgets_that_cannot_be_are_refused(api: Api, options: dict[str, object]) -> None:
    run = await _run(api, **options)
    assert (run["answered"], run["code"]) == (422, "invalid_input")


async def test_a_budget_stands_with_the_run(api: Api) -> None:
    run = await _run(api, budget={"cost_usd": 0.5, "steps": 5}, step_limit=5)
    assert run["answered"] == 202
    options = run["options"]
    assert isinstance(options, dict)
    assert options["budget"] == {"cost_usd": 0.5, "tokens": None, "steps": 5, "seconds": None}


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"budget": {}}, {"budget": {"steps": 0}}, {"budget": 5}])
async def test_answers_that_say_nothing_are_refused(api: Api, body: dict[str, object]) -> None:
    run = await _run(api)
    answer = await api.alice.post(f"/v1/runs/{run['id']}/input", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_only_a_waiting_run_is_given_budget(api: Api) -> None:
    run = await _run(api)
    answer = await api.alice.post(f"/v1/runs/{run['id']}/input", json={"budget": {"steps": 5}})
    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_waiting")
