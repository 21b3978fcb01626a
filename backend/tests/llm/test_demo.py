"""The demo drives real tools on its tasks, mends what fails, and never passes for a model."""

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import JsonValue

from factotum.llm.demo import DEMO_MODEL, DemoGateway
from factotum.llm.demo_tasks import DEMO_TASKS, find_task
from factotum.llm.endpoints import Endpoint
from factotum.llm.litellm_gateway import LiteLLMGateway
from factotum.llm.port import ModelChunk, ModelRequest, StopChunk, TextChunk, ToolCallChunk, UsageChunk
from factotum.llm.router import Gateways
from factotum.tools.arguments import bind
from factotum.tools.builtin import BUILTIN

Message = dict[str, JsonValue]
_TOOLS = {tool.name: tool for tool in BUILTIN}


class Workspace:
    """Runs the demo's calls in a folder, as the tools would; `answer` is the person's."""

    def __init__(self, folder: Path, answer: str = "A band, dark colours") -> None:
        self.folder = folder
        self.answer = answer
        self.broken: set[str] = set()

    async def run(self, name: str, arguments: dict[str, JsonValue]) -> str:
        bind(_TOOLS[name], arguments, "native")
        if name in self.broken:
            return "Error (tool_crashed): it broke."
        match name:
            case "create_file" | "rewrite_file":
                return await asyncio.to_thread(self._write, name, arguments)
            case "read_file":
                return await asyncio.to_thread((self.folder / str(arguments["path"])).read_text)
            case "shell":
                return await self._shell(str(arguments["command"]))
            case "ask":
                return self.answer
            case _:
                return "done"

    def _write(self, name: str, arguments: dict[str, JsonValue]) -> str:
        path = self.folder / str(arguments["path"])
        if name == "create_file" and path.exists():
            return f"Error (file_exists): '{path.name}' exists already; it was not changed."
        path.write_text(str(arguments["content"]))
        return f"Created {path.name}"

    async def _shell(self, command: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", command, cwd=self.folder, stdout=-1, stderr=-2
        )
        output, _ = await process.communicate()
        return f"{output.decode()}\n[exit code {process.returncode}]"


async def _turn(messages: list[Message]) -> tuple[str, str, dict[str, JsonValue], list[ModelChunk]]:
    request = ModelRequest(DEMO_MODEL, messages)
    chunks = [chunk async for chunk in DemoGateway(delay=0).stream(request)]
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk))
    calls = [chunk for chunk in chunks if isinstance(chunk, ToolCallChunk)]
    name = next(chunk.name for chunk in calls if chunk.name)
    return text, name, json.loads("".join(chunk.arguments for chunk in calls)), chunks


async def _play(prompt: str, workspace: Workspace, messages: list[Message] | None = None) -> list[Message]:
    """Run a task to its `complete`, and return the whole conversation."""
    messages = [*(messages or [{"role": "system", "content": "Tools."}]), {"role": "user", "content": prompt}]
    for _ in range(20):
        text, name, arguments, chunks = await _turn(messages)
        call_id = next(
            chunk.call_id for chunk in chunks if isinstance(chunk, ToolCallChunk) and chunk.call_id
        )
        call: JsonValue = {
            "id": call_id,
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        messages.append({"role": "assistant", "content": text, "tool_calls": [call]})
        output = await workspace.run(name, arguments)
        messages.append({"role": "tool", "tool_call_id": call_id, "content": output})
        # What a program says in the user's place is no wish of the person.
        messages.append({"role": "user", "content": "<context>the time</context>"})
        if name == "complete":
            return messages
    raise AssertionError("the demo did not end")


def _completed(messages: list[Message]) -> dict[str, JsonValue]:
    last = [message for message in messages if message["role"] == "assistant"][-1]
    calls = last["tool_calls"]
    assert isinstance(calls, list)
    call = calls[0]
    assert isinstance(call, dict)
    function = call["function"]
    assert isinstance(function, dict)
    return json.loads(str(function["arguments"]))


def _said(messages: list[Message]) -> str:
    return "\n".join(str(message["content"]) for message in messages if message["role"] == "assistant")


async def test_primes(tmp_path: Path) -> None:
    """The first task leaves the table and the picture."""
    messages = await _play(DEMO_TASKS[0].prompt, Workspace(tmp_path))
    assert _completed(messages)["deliverables"] == ["primes.csv", "primes.png"]
    rows = (tmp_path / "primes.csv").read_text().splitlines()
    assert rows[0] == "position,prime"
    assert (rows[1], rows[-1], len(rows)) == ("1,2", "20,71", 21)
    assert (tmp_path / "primes.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    ("prompt", "task"),
    [
        ("Schreibe primes.csv mit den ersten 20 Primzahlen und zeichne sie in primes.png", 0),
        ("Werte die CSV-Datei im Arbeitsbereich aus und schreibe report.md", 1),
        ("Mach eine kleine Webseite; frag mich, worum es gehen soll", 2),
    ],
)
def test_knows_its_tasks_as_the_page_offers_them_in_german(prompt: str, task: int) -> None:
    """They work on the demo model in each language of the page."""
    assert find_task(prompt) is DEMO_TASKS[task]


async def test_says_that_it_is_a_script_once(tmp_path: Path) -> None:
    """The first message says so and what to set; later ones do not repeat it."""
    said = _said(await _play(DEMO_TASKS[0].prompt, Workspace(tmp_path)))
    assert said.count("not a model") == 1
    assert "ANTHROPIC_API_KEY" in said.split("First a plan.")[0]


async def test_page_from_an_answer(tmp_path: Path) -> None:
    """The answer to its question makes the page, and cannot break it."""
    await _play(DEMO_TASKS[2].prompt, Workspace(tmp_path, answer="Fish & <b>chips</b>, dark {colours}"))
    page = (tmp_path / "index.html").read_text()
    assert "Fish &amp; &lt;b&gt;chips&lt;/b&gt;, dark {colours}" in page
    assert "#0f172a" in page


async def test_report_on_made_up_data(tmp_path: Path) -> None:
    """Without a file it makes one up."""
    await _play(DEMO_TASKS[1].prompt, Workspace(tmp_path))
    report = (tmp_path / "report.md").read_text()
    assert "| units | 973.00 |" in report
    assert "**region**: 2 different values" in report


async def test_report_on_an_uploaded_file(tmp_path: Path) -> None:
    """A file that is there is the one that is analysed."""
    (tmp_path / "it's mine.csv").write_text("a,b\n1,x\n2,y\n")
    await _play("Please analyse my data", Workspace(tmp_path))
    assert "| a | 3.00 |" in (tmp_path / "report.md").read_text()
    assert not (tmp_path / "sales.csv").exists()


async def test_second_run_on_a_thread(tmp_path: Path) -> None:
    """A second wish starts anew, and files of the first are written over when the tool says they exist."""
    workspace = Workspace(tmp_path)
    first = await _play(DEMO_TASKS[0].prompt, workspace)
    second = await _play(DEMO_TASKS[0].prompt, workspace, first)
    assert "already there" in _said(second[len(first) :])
    assert _completed(second)["deliverables"] == ["primes.csv", "primes.png"]


async def test_gives_up_honestly(tmp_path: Path) -> None:
    """What fails twice is told, not claimed as done."""
    workspace = Workspace(tmp_path)
    workspace.broken = {"shell"}
    completed = _completed(await _play(DEMO_TASKS[0].prompt, workspace))
    assert "failed twice" in str(completed["summary"])
    assert "deliverables" not in completed


async def test_other_tasks_are_declined() -> None:
    """What it cannot do it says, with what it can, and ends."""
    text, name, arguments, chunks = await _turn([{"role": "user", "content": "Book me a flight"}])
    assert name == "complete"
    assert "not a model" in text
    assert all(task.prompt in str(arguments["summary"]) for task in DEMO_TASKS)
    assert chunks[-1] == StopChunk("tool_calls")
    usage = chunks[-2]
    assert isinstance(usage, UsageChunk)
    assert usage.usage.cost_usd == 0
    assert usage.usage.output_tokens > 10


@pytest.mark.parametrize("task", DEMO_TASKS, ids=lambda task: task.title)
def test_advertised_prompts_find_their_task(task: object) -> None:
    """Each prompt that is advertised leads to its own task."""
    assert any(find_task(entry.prompt) is entry for entry in DEMO_TASKS if entry is task)


async def test_router_keeps_the_demo_at_home() -> None:
    """`demo` is played here, and nothing is sent anywhere or imported for it."""
    gateways = Gateways(LiteLLMGateway({"demo": Endpoint("http://127.0.0.1:1")}), DemoGateway(delay=0))
    request = ModelRequest(DEMO_MODEL, [{"role": "user", "content": [{"type": "text", "text": "primes"}]}])
    chunks = [chunk async for chunk in gateways.stream(request)]
    assert chunks[-1] == StopChunk("tool_calls")
    await gateways.close()
