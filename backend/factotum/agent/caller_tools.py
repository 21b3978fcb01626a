"""Runs whose caller executes the tools (`execute_tools` off): what it is asked, and how its answer is read.

The run waits with a question of reason `tool_results`. The answer is a JSON object of outputs by call id; any
other text is the output of each call that waits. `ask` and `complete` only talk, and work as ever.
"""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from factotum.agent.draft import CALL_PREFIX
from factotum.agent.ports import CallResult
from factotum.protocol.messages import ToolCallPart
from factotum.protocol.runs import Question
from factotum.tools.registry import Registry

_NOT_GIVEN = "No result: the caller of this run, who executes its tools, gave none for this call."


def runs_here(call: ToolCallPart, registry: Registry) -> bool:
    """Tell whether a call is no tool to execute: it only talks with the person, or cannot run at all."""
    return call.fault is not None or registry.ends_turn(call.name)


def ask_for_results(calls: Sequence[ToolCallPart]) -> Question:
    """Return the question of a run that waits for results; the calls' arguments stand in their message."""
    listed = "\n".join(f"- {call.call_id}: {call.name}" for call in calls)
    return Question(
        reason="tool_results",
        text=f"This run leaves its tools to its caller. Run these calls and send their outputs:\n{listed}",
        call_id=calls[0].call_id,
    )


def given_results(answer: str, calls: Sequence[ToolCallPart]) -> dict[str, CallResult]:
    """Read the caller's answer: a result for each of `calls`, by call id."""
    outputs = _outputs(answer)
    if outputs is None:
        return {call.call_id: CallResult(_as_text(answer), "ok") for call in calls}
    return {call.call_id: _result(outputs, call.call_id) for call in calls}


def _result(outputs: Mapping[str, object], call_id: str) -> CallResult:
    if call_id not in outputs:
        return CallResult(_NOT_GIVEN, "stopped")
    return CallResult(_as_text(outputs[call_id]), "ok")


def _outputs(answer: str) -> Mapping[str, object] | None:
    """Return the outputs by call id, or None when the answer is no object whose names are ids of calls."""
    try:
        read = cast("object", json.loads(answer))
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    outputs = cast("dict[str, object]", read)
    return outputs if outputs and all(name.startswith(CALL_PREFIX) for name in outputs) else None


def _as_text(output: object) -> str:
    """Write an output as text that every column can hold: JSON may spell characters that are none."""
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")
