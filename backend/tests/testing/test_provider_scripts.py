"""Scripts: what is refused and how it is said; the examples; the server as a program; the journal."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from provider_clients import USER, hear, http_client

from factotum.testing.provider import EXAMPLES, ScriptedProvider, ScriptFault, load_script
from factotum.testing.provider.script import CallItem, TextItem
from factotum.tools.builtin import builtin_registry

WRONG: list[tuple[Any, str]] = [
    ({}, "scenarios: Field required"),
    ([], "turns: List should have at least 1 item|turns: Tuple should have at least 1 item"),
    (
        {"turns": [[{"txt": "x"}]]},
        "turns.0.items.0: an item is a text or an object with one of: text, reasoning",
    ),
    ({"turns": [[{"text": "x", "colour": "red"}]]}, "items.0.text.colour: Extra inputs"),
    ({"turns": [[{"text": ""}]]}, "at least 1 character"),
    ({"turns": [{"items": ["x"], "cut": 0}]}, "greater than or equal to 1"),
    ({"turns": [{"items": ["x"], "delay": -1}]}, "greater than or equal to 0"),
    ({"turns": [{"items": ["x"], "empty": True}]}, "whole answers"),
    ({"turns": [{"items": ["x"], "error": "server"}]}, "would never be played"),
    ({"turns": [{"error": {"message": "x"}}]}, "needs a `kind` or a `status`"),
    ({"turns": [{"error": "sunburn"}]}, "rate_limited"),
    ({"turns": [[{"error": {"kind": "server", "times": 1}}]]}, "`before`"),
    ({"turns": [{"before": [{"before": [], "items": []}], "items": []}]}, "Extra inputs"),
    ({"turns": [{"expect": "(", "items": []}]}, "not a regular expression"),
    ({"scenarios": [{"match": "[", "turns": ["x"]}]}, "scenarios.0.match: .*not a regular expression"),
    ({"scenarios": [{"name": "a", "turns": ["x"]}, {"name": "a", "turns": ["x"]}]}, "the same name"),
    ({"turns": [[{"stall": "a while"}]]}, "forever"),
    ({"turns": [[{"break": "softly"}]]}, "'close', 'reset' or 'end'"),
]


@pytest.mark.parametrize(("script", "words"), WRONG)
def test_wrong_scripts_are_refused_with_the_place(script: Any, words: str):
    with pytest.raises(ScriptFault, match=words) as caught:
        load_script(script)
    assert "README.md" in caught.value.hint


def test_files_that_are_no_scripts(tmp_path: Path):
    with pytest.raises(ScriptFault, match="cannot be read: No such file"):
        load_script(tmp_path / "missing.json")
    (tmp_path / "torn.json").write_text('{\n "turns": [')
    with pytest.raises(ScriptFault, match=r"torn.json is not JSON: .* line 2, column"):
        load_script(tmp_path / "torn.json")


def test_short_forms_mean_the_long_ones():
    lines = {"$lines": ["one", "two", ""]}
    short = load_script({"models": ["m"], "match": "x", "turns": ["a", [{"text": lines}], {"error": 503}]})
    long = load_script(
        {
            "models": ["m"],
            "scenarios": [
                {
                    "name": "scenario 1",
                    "match": "x",
                    "turns": [
                        {"items": [{"text": "a"}]},
                        {"items": [{"text": "one\ntwo\n"}]},
                        {"error": {"status": 503}},
                    ],
                }
            ],
        }
    )
    assert short == long


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_examples_are_scripts(path: Path):
    assert load_script(path).scenarios


def test_scripts_of_the_readme_are_scripts():
    blocks = re.findall(r"```json\n(.*?)```", (EXAMPLES.parent / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        assert load_script(json.loads(block)).scenarios


def test_calls_of_the_primes_example_fit_the_built_in_tools():
    registry = builtin_registry()
    (scenario,) = load_script(EXAMPLES / "primes.json").scenarios
    calls = [item for turn in scenario.turns for item in turn.items if isinstance(item, CallItem)]
    for call in calls:
        registry.get(call.call).arguments.model_validate(call.arguments)
    assert calls[-1].call == "complete"
    assert isinstance(scenario.turns[-1].items[0], TextItem)


def test_program_of_the_primes_example_writes_both_files(tmp_path: Path):
    (scenario,) = load_script(EXAMPLES / "primes.json").scenarios
    created = next(
        item for turn in scenario.turns for item in turn.items if getattr(item, "call", "") == "create_file"
    )
    assert isinstance(created, CallItem)
    assert isinstance(created.arguments, dict)
    (tmp_path / "primes.py").write_text(str(created.arguments["content"]))
    ended = subprocess.run(
        [sys.executable, "primes.py"], cwd=tmp_path, capture_output=True, timeout=30, check=True
    )
    assert b"wrote 20 primes" in ended.stdout
    assert (tmp_path / "primes.csv").read_text().splitlines()[-1] == "20,71"
    assert (tmp_path / "primes.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


async def program(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "factotum.testing.provider",
        *arguments,
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_program_says_where_it_listens_and_ends_when_told(tmp_path: Path):
    script = tmp_path / "script.json"
    script.write_text('["hello from a file"]')
    process = await program(str(script), "--port", "0")
    assert process.stdout is not None
    addresses = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    async with http_client() as client:
        response = await client.post(
            f"{addresses['openai_base']}/chat/completions",
            headers={"authorization": "Bearer k"},
            json={"model": "m", "messages": [USER]},
        )
        requests = (await client.get(addresses["requests"])).json()["requests"]
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert response.json()["choices"][0]["message"]["content"] == "hello from a file"
    assert requests[0]["path"] == "/v1/chat/completions"


async def test_program_refuses_a_wrong_script_and_a_taken_port(tmp_path: Path):
    process = await program(str(tmp_path / "missing.json"))
    _, errors = await process.communicate()
    assert (process.returncode, b"cannot be read" in errors) == (2, True)
    async with ScriptedProvider(["x"]) as provider:
        process = await program("hello", "--port", str(provider.port))
        _, errors = await process.communicate()
    assert (process.returncode, b"Try --port 0" in errors) == (3, True)


async def test_journal_keeps_the_last_requests_and_no_keys():
    async with ScriptedProvider(["hi"], journal_limit=2) as provider:
        for text in ("one", "two", "three"):
            await hear(provider, {"role": "user", "content": text})
        async with http_client() as client:
            journal = (await client.get(f"{provider.root}/_requests")).json()["requests"]
            await client.post(f"{provider.root}/_reset")
            emptied = (await client.get(f"{provider.root}/_requests")).json()
    assert [entry["number"] for entry in journal] == [2, 3]
    last = journal[-1]
    assert last["body"]["messages"] == [{"role": "user", "content": "three"}]
    assert last["headers"]["authorization"] == "(not kept)"
    assert (last["scenario"], last["turn"], last["attempt"]) == ("scenario 1", 1, 1)
    assert (last["status"], last["outcome"]) == (200, "complete")
    assert emptied == {"requests": []}
