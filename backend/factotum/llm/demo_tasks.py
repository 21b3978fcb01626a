"""What the demo can do: three tasks, each a list of steps that are decided from the results so far."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from factotum.llm.demo_scripts import ANALYSE, CHECK_PAGE, PAGE, PRIMES, SALES

NOTICE: Final = (
    "I am the demo: a script, not a model. I show what the tools do on a few fixed tasks. For a real model, "
    "set ANTHROPIC_API_KEY or OPENAI_API_KEY (or another provider's key), or start Ollama, and start again."
    "\n\n"
)
_FAILED: Final = re.compile(r"\AError \(|\[exit code (?!0\])|\[timed out|\ANo result:")
_FILE_EXISTS: Final = "Error (file_exists)"


@dataclass(frozen=True, slots=True)
class Done:
    """A call that the demo made, and what came back."""

    name: str
    arguments: dict[str, JsonValue]
    output: str

    @property
    def failed(self) -> bool:
        """Whether the result reads like a failure."""
        return _FAILED.search(self.output) is not None


@dataclass(frozen=True, slots=True)
class Move:
    """What the demo says and the one call it makes next."""

    text: str
    name: str
    arguments: dict[str, JsonValue]


Results = tuple[Done, ...]
Step = Callable[[Results], Move]


@dataclass(frozen=True, slots=True)
class DemoTask:
    """A task that the demo advertises; `wanted` finds it in what the person wrote."""

    title: str
    prompt: str
    wanted: re.Pattern[str]
    steps: tuple[Step, ...]


def next_move(task: DemoTask, calls: Results) -> Move:
    """Return the next move after `calls`, oldest first. A step that failed is mended, or given up."""
    if calls and calls[-1].failed:
        return _mended(calls)
    succeeded = tuple(call for call in calls if not call.failed)
    return task.steps[min(len(succeeded), len(task.steps) - 1)](succeeded)


def _mended(calls: Results) -> Move:
    last = calls[-1]
    if last.output.startswith(_FILE_EXISTS):
        return Move("That file is already there, so I write it anew.\n", "rewrite_file", last.arguments)
    tries = [call for call in calls if (call.name, call.arguments) == (last.name, last.arguments)]
    if len(tries) < 2:
        return Move("That failed; I try it once more.\n", last.name, last.arguments)
    reason = last.output.strip()[-400:]
    summary = f"I had to give up: {last.name} failed twice. It said: {reason}"
    return Move("It failed again, and a script has no other idea.\n", "complete", {"summary": summary})


def _plan(*items: str, active: int) -> dict[str, JsonValue]:
    """Return the arguments of update_plan: those before `active` are done, those after it pending."""
    statuses = [
        "done" if place < active else "active" if place == active else "pending"
        for place in range(len(items))
    ]
    return {"items": [{"text": text, "status": status} for text, status in zip(items, statuses, strict=True)]}


_PRIMES_PLAN: Final = ("Write a program for the primes", "Run it", "Check the files")


def _plan_step(text: str, plan: tuple[str, ...], active: int) -> Step:
    return lambda _: Move(text, "update_plan", _plan(*plan, active=active))


def _file(text: str, path: str, content: str) -> Step:
    return lambda _: Move(text, "create_file", {"path": path, "content": content})


def _shell(text: str, command: str) -> Step:
    return lambda _: Move(text, "shell", {"command": command})


def _complete(text: str, summary: str, *deliverables: str) -> Step:
    return lambda _: Move(text, "complete", {"summary": summary, "deliverables": list(deliverables)})


_PAGE_PLAN: Final = ("Ask what the page is about", "Write index.html", "Check it")
_COLOURS: Final[tuple[tuple[str, tuple[str, str, str]], ...]] = (
    ("warm", ("#fff7ed", "#431407", "#c2410c")),
    ("dark", ("#0f172a", "#e2e8f0", "#7c3aed")),
)
_PLAIN: Final = ("#ffffff", "#1e293b", "#1d4ed8")


def _page(results: Results) -> Move:
    answer = next((call.output for call in results if call.name == "ask"), "").strip() or "A page of your own"
    paper, ink, accent = next((colours for word, colours in _COLOURS if word in answer.lower()), _PLAIN)
    title = html.escape(" ".join(answer.split())[:120])
    content = PAGE.format(title=title, paper=paper, ink=ink, accent=accent)
    return Move("Thank you. I write the page.\n", "create_file", {"path": "index.html", "content": content})


_CSV_PLAN: Final = ("Find the CSV file", "Analyse it", "Read the report")
_LIST_CSV: Final = (
    "find . -name '*.csv' -not -path './.*' -size -10000k | sed 's|^[.]/||' | sort | head -20\n"
    "echo '(end of list)'"
)


def _found_csv(results: Results) -> str | None:
    listing = next((call.output for call in results if call.name == "shell"), "")
    names = listing.partition("(end of list)")[0].splitlines()
    return next((name.strip() for name in names if name.strip().endswith(".csv")), None)


def _data(results: Results) -> Move:
    path = _found_csv(results)
    if path is not None:
        return Move(
            f"There is {path}; I look at its first lines.\n", "read_file", {"path": path, "end_line": 5}
        )
    text = "There is no CSV file in the workspace, so I make up a small one.\n"
    return Move(text, "create_file", {"path": "sales.csv", "content": SALES})


def _analyse(results: Results) -> Move:
    path = (_found_csv(results) or "sales.csv").replace("'", "'\\''")
    return Move("I run it.\n", "shell", {"command": f"python3 analyse.py '{path}'"})


DEMO_TASKS: Final[tuple[DemoTask, ...]] = (
    DemoTask(
        "Primes and a plot",
        "Write primes.csv with the first 20 primes and plot them to primes.png",
        re.compile(r"\bprimes?\b", re.IGNORECASE),
        (
            _plan_step("First a plan.\n", _PRIMES_PLAN, 0),
            _file("I write a small program.\n", "primes.py", PRIMES),
            _shell("Now I run it and look at what it made.\n", "python3 primes.py && ls -l primes.*"),
            _plan_step("Both files are there.\n", _PRIMES_PLAN, 3),
            _complete(
                "",
                "primes.csv holds the first 20 primes, from 2 to 71; primes.png shows them.",
                "primes.csv",
                "primes.png",
            ),
        ),
    ),
    DemoTask(
        "A report on a CSV file",
        "Analyse the CSV file in the workspace and write report.md",
        re.compile(r"\bcsv\b|\breport\b|\banaly[sz]e\b", re.IGNORECASE),
        (
            _plan_step("First a plan.\n", _CSV_PLAN, 0),
            _shell("Is there a CSV file?\n", _LIST_CSV),
            _data,
            _file("I write the program that analyses it.\n", "analyse.py", ANALYSE),
            _analyse,
            lambda _: Move("I read the report once more.\n", "read_file", {"path": "report.md"}),
            _plan_step("It is complete.\n", _CSV_PLAN, 3),
            _complete(
                "", "report.md describes the columns of the file and sums up its numbers.", "report.md"
            ),
        ),
    ),
    DemoTask(
        "A small web page",
        "Make a small web page; ask me what it is about",
        re.compile(r"\b(web ?)?(page|site|seite)\b|\bwebsite\b", re.IGNORECASE),
        (
            _plan_step("First a plan.\n", _PAGE_PLAN, 0),
            lambda _: Move(
                "I need to know one thing.\n",
                "ask",
                {
                    "question": "What shall the page be about, and in what colours?",
                    "choices": ["A bakery, warm colours", "A band, dark colours", "A conference, blue"],
                },
            ),
            _page,
            _shell("I check that every tag is closed.\n", CHECK_PAGE),
            _plan_step("It is in order.\n", _PAGE_PLAN, 3),
            _complete(
                "", "index.html is your page: one file, no scripts. Open it in a browser.", "index.html"
            ),
        ),
    ),
)


def find_task(wish: str) -> DemoTask | None:
    """Return the task that a person's words ask for, or None."""
    return next((task for task in DEMO_TASKS if task.wanted.search(wish)), None)
