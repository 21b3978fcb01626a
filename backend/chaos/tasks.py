"""What the agents are given to do, and what each task must leave behind, whatever dies in between.

A task calls tools of every effect class. Its unsafe calls append their own name to a file of the workspace: a
call that was carried out twice is seen there. The last task writes a file that is large beside the buffers on
its way to a client, so that one who reads slowly is felt.
"""

from dataclasses import dataclass
from typing import Any

EFFECTS = "effects.txt"
LETTERS = ("A", "B", "C")
"""A thread is given one task a letter, one after another."""

_LARGE_LINES = 1_500


@dataclass(frozen=True, slots=True)
class Step:
    """One message of the model: its whole prose and the names of its calls, in order."""

    text: str
    calls: tuple[str, ...] = ()


def prompt(letter: str) -> str:
    """Return what the person writes."""
    return f"Please do task {letter}."


def unsafe_names(letter: str) -> tuple[str, ...]:
    """Return what the task's unsafe calls append to the file, each once at most."""
    return (f"{letter}1", f"{letter}3")


def steps(letter: str) -> tuple[Step, ...]:
    """Return what the model says and calls, step by step."""
    return (
        Step(f"Task {letter} begins. " + "word " * 12, ("shell",)),
        Step("Two files.", ("create_file", "read_file")),
        Step("Once more. " + "word " * 8, ("shell",)),
        Step(f"Task {letter} is done."),
    )


def script() -> dict[str, Any]:
    """Return the script that the provider plays."""
    return {"scenarios": [{"match": prompt(letter), "turns": _turns(letter)} for letter in LETTERS]}


def _turns(letter: str) -> list[Any]:
    first, third = unsafe_names(letter)
    path = f"{letter}2.txt"
    lines = _LARGE_LINES if letter == LETTERS[-1] else 1
    content = f"{letter}2 and what else there is to say of it, in a line\n" * lines
    files = [
        "Two files.",
        {"call": "create_file", "arguments": {"path": path, "content": content}},
        {"call": "read_file", "arguments": {"path": path, "end_line": 5}},
    ]
    return [
        [
            f"Task {letter} begins. ",
            {"text": "word ", "repeat": 12, "delay": 0.04},
            _append(first, seconds=0.3),
        ],
        {"items": files, "cut": 4_000 if lines > 1 else 24},
        ["Once more. ", {"text": "word ", "repeat": 8, "delay": 0.04}, _append(third, seconds=0.05)],
        f"Task {letter} is done.",
    ]


def _append(name: str, *, seconds: float) -> dict[str, Any]:
    return {
        "call": "shell",
        "arguments": {"command": f"sleep {seconds}; echo {name} >> {EFFECTS}; sleep {seconds}"},
    }
