"""A task that is longer than its model's context window, through the real service."""

from itertools import pairwise
from typing import Any

from tests.e2e.conftest import StartService


def _count(number: int) -> dict[str, Any]:
    """Never the same: repeating oneself ends in a question."""
    return {"call": "shell", "arguments": {"command": f"seq {number} {1200 + number}"}}


_TURNS: list[Any] = [
    ["First I count. ", _count(0)],
    *([f"Then again, {number}. ", _count(number)] for number in range(1, 9)),
    ["It is counted."],
]
_SCRIPT = {
    "scenarios": [
        {
            "name": "summary",
            "match": "^Summarise this record",
            "turns": ["Task: count.\nFacts: it went well."],
        },
        {"name": "work", "match": "slowly", "turns": _TURNS},
        {"name": "refused", "match": "quickly", "turns": _TURNS, "longest": 20_000},
    ]
}


def test_a_task_longer_than_the_window_is_finished(start_service: StartService) -> None:
    service = start_service(_SCRIPT, FACTOTUM_CONTEXT_WINDOW="12000")
    for model, how in (("openai/scripted", "slowly"), ("anthropic/scripted", "quickly")):
        thread = service.thread()
        run = service.submit(thread, f"Please count {how}, and count again.", model=model)
        events = service.until(run, "run.finished", "run.failed")
        assert events[-1].type == "run.finished", (model, events[-1].data)

        created = [event.data["message"] for event in events if event.type == "message.created"]
        kinds = [part["type"] for message in created for part in message["parts"]]
        assert "references" in kinds or "compaction" in kinds, model
        assert sum(message["role"] == "assistant" for message in created) == len(_TURNS)
        used = [event.data["usage"]["context"] for event in events if event.type == "usage.recorded"]
        sizes = [context["tokens"] for context in used if context is not None]
        assert max(sizes) <= 12_000
        assert any(later < earlier for earlier, later in pairwise(sizes))
        context = service.call("GET", f"/runs/{run}")["usage"]["context"]
        assert 0 < context["tokens"] <= context["window"] <= 12_000
        assert len(service.messages(thread)) >= len(created)
