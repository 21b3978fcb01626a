"""Calls that wait for a person: shown, and decided at a terminal or by an option, here or from elsewhere."""

import json
from typing import Any, Literal, cast

import click
from rich.console import Console
from rich.text import Text

from factotum.cli import text as write
from factotum.cli.cards import verb_and_target
from factotum.cli.client import Service
from factotum.cli.interrupts import Interrupts
from factotum.cli.view import CallBlock
from factotum.core.errors import Conflict, InvalidInput
from factotum.core.wording import count
from factotum.protocol.approvals import Approval

Wanted = Literal["ask", "all", "none"]

_MOST_LINES = 12
_TOO_LATE = frozenset({"approval_decided", "approval_expired"})
_MEANT = {"o": "once", "y": "once", "a": "always", "e": "edit", "d": "deny", "n": "deny"}


class _Left(Exception):
    """The person has no decision to give."""


def decide_all(
    service: Service, console: Console, run_id: str, interrupts: Interrupts, wanted: Wanted, reason: str = ""
) -> list[Approval] | None:
    """Decide about all that waits, one after the other, and return what was decided.

    None when the person leaves the rest open (Ctrl-D). Raises KeyboardInterrupt.
    """
    decided: list[Approval] = []
    for approval in service.approvals(run_id):
        if approval.status != "pending":
            continue
        try:
            if wanted == "ask":
                decided.append(_ask(service, console, approval, interrupts))
            else:
                decided.append(service.decide(approval, _body(approval, wanted == "all", reason)))
        except _Left:
            return None
        except Conflict as fault:
            if fault.stable_code not in _TOO_LATE:
                raise
            console.print(Text(f"! {fault.message}", "yellow"), soft_wrap=True)
    return decided


def show_approval(console: Console, approval: Approval) -> None:
    """Print what the agent wants to do: verb and target, then every argument."""
    verb, target = verb_and_target(CallBlock(approval.call_id, "", approval.tool, approval.arguments))
    console.print()
    head = Text("? ", "bold cyan").append(f"May the agent do this? {verb} ", "bold not cyan").append(target)
    console.print(head, soft_wrap=True)
    for name, value in approval.arguments.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines = write.clean(shown).split("\n")
        room = lines[:_MOST_LINES]
        if len(lines) > _MOST_LINES:
            room.append(f"({count(len(lines) - _MOST_LINES, 'more line')})")
        joined = room[0] if len(room) == 1 else "\n" + "\n".join(f"    {line}" for line in room)
        console.print(Text(f"  {write.one_line(name)}: ", "dim").append(joined, "not dim"), soft_wrap=True)


def _ask(service: Service, console: Console, approval: Approval, interrupts: Interrupts) -> Approval:
    show_approval(console, approval)
    console.print(
        Text(f"  always: in this thread nobody is asked about {approval.pattern} again", "dim"),
        soft_wrap=True,
    )
    while True:
        typed = _typed("[o]nce, [a]lways, [e]dit or [d]eny: ", interrupts).lower()
        meant = _MEANT.get(typed[:1], "")
        if meant == "deny":
            why = _typed("Why not (the agent reads it; Enter: no reason): ", interrupts)
            return service.decide(approval, _body(approval, yes=False, reason=why))
        body = _body(approval, yes=True)
        if meant == "edit":
            edited = _edited(console, approval)
            if edited is None:
                continue
            body["arguments"] = edited
        elif meant:
            body["scope"] = meant
        else:
            continue
        try:
            return service.decide(approval, body)
        except InvalidInput as fault:
            console.print(Text(f"! {fault.message}", "yellow"), soft_wrap=True)


def _edited(console: Console, approval: Approval) -> dict[str, Any] | None:
    """Open the arguments in the person's editor. None when they were left as they are, or are no object."""
    text = click.edit(json.dumps(approval.arguments, indent=2, ensure_ascii=False), extension=".json")
    if text is None:
        console.print(Text("! Nothing was changed.", "yellow"))
        return None
    try:
        edited = json.loads(text)
    except ValueError as error:
        console.print(Text(f"! This is not JSON: {error}", "yellow"), soft_wrap=True)
        return None
    if not isinstance(edited, dict):
        console.print(Text("! The arguments must be one JSON object.", "yellow"))
        return None
    return cast("dict[str, Any]", edited)


def _typed(prompt: str, interrupts: Interrupts) -> str:
    """Read a line. Raises _Left when there is none."""
    try:
        with interrupts.raised():
            return input(prompt).strip()
    except EOFError:
        raise _Left from None


def _body(approval: Approval, yes: bool, reason: str = "") -> dict[str, Any]:
    return {
        "decision": "approve" if yes else "deny",
        "arguments_hash": approval.arguments_hash,
        "reason": reason,
    }
