"""Budgets end to end: a priced model, played on loopback, runs out of money, is given more, and finishes."""

from tests.e2e.conftest import StartService

_USAGE = {"input": 20_000, "cached": 10_000, "output": 1_000}
_STEP_USD = 10_000 * 0.15e-6 + 10_000 * 0.075e-6 + 1_000 * 0.6e-6


def test_money_runs_out_and_is_extended(start_service: StartService) -> None:
    script = [
        {
            "items": [{"call": "shell", "arguments": {"command": f"echo {number}"}}],
            "usage": _USAGE,
        }
        for number in range(3)
    ]
    service = start_service(
        [*script, {"items": ["Done."], "usage": _USAGE}], OPENAI_API_KEY="sk-played-on-loopback"
    )
    thread = service.thread()
    run = service.submit(
        thread, "Count", model="openai/gpt-4o-mini", options={"budget": {"cost_usd": 2.5 * _STEP_USD}}
    )
    waiting = service.wait(run, "awaiting_input", "failed")
    assert waiting["status"] == "awaiting_input", waiting
    assert waiting["question"]["reason"] == "budget"
    assert waiting["question"]["choices"] == ["Extend by the same again", "Stop here"]
    spent = waiting["budget"]["used"]["cost_usd"]
    assert 0 < spent <= waiting["budget"]["limit"]["cost_usd"]
    assert spent == round(waiting["step"] * _STEP_USD, 9)
    assert waiting["budget"]["reserved"] == {"cost_usd": 0, "tokens": 0, "steps": 0, "seconds": 0}
    service.call("POST", f"/runs/{run}/input", json={"budget": {"cost_usd": 1.0}})
    ended = service.wait(run, "finished", "failed", "awaiting_input")
    assert (ended["status"], ended["step"]) == ("finished", 4)
    assert ended["budget"]["used"]["cost_usd"] == round(4 * _STEP_USD, 9)
    assert ended["budget"]["used"]["tokens"] == 4 * 21_000
