"""Asks a person on the terminal what a run wants to know."""

from rich.console import Console
from rich.text import Text

from factotum.cli.interrupts import Interrupts
from factotum.cli.text import clean, one_line
from factotum.protocol.runs import Question


def show_question(console: Console, question: Question) -> None:
    """Print a question, its files and its numbered choices."""
    console.print()
    console.print(Text("? ", "bold cyan").append(clean(question.text), "bold not cyan"))
    if question.attachments:
        console.print(Text("  Files: " + ", ".join(map(one_line, question.attachments)), "dim"))
    for number, choice in enumerate(question.choices, 1):
        console.print(Text(f"  {number}. {one_line(choice)}"))


def ask(console: Console, question: Question, interrupts: Interrupts) -> str | None:
    """Return the answer, or None when the person has none to give (Ctrl-D). Raises KeyboardInterrupt."""
    show_question(console, question)
    hint = "A number or your own words: " if question.choices else "Your answer: "
    while True:
        try:
            with interrupts.raised():
                typed = input(hint)
        except EOFError:
            console.print()
            return None
        answer = chosen(typed, question.choices)
        if answer:
            return answer


def chosen(typed: str, choices: tuple[str, ...]) -> str:
    """Return what was meant: a choice by its number, or the words as they are."""
    typed = typed.strip()
    if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(choices):
        return choices[int(typed) - 1]
    return typed
