"""A service for all tests that only use one, and one of its own for each test that kills it."""

import json
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from factotum.testing.provider.loading import EXAMPLES
from tests.e2e.service_support import Service

StartService = Callable[..., Service]

_TALK: list[dict[str, Any]] = [
    {
        "match": "act early",
        "turns": [
            [
                "First. ",
                {"call": "create_file", "arguments": {"path": "early.txt", "content": "here"}},
                {"stall": 1},
                "Still talking. ",
                {"call": "create_file", "arguments": {"path": "late.txt", "content": "there"}},
            ],
            ["Both are there."],
        ],
    },
    {
        "match": "act and hang",
        "turns": [
            [
                "First. ",
                {"call": "create_file", "arguments": {"path": "early.txt", "content": "here"}},
                {"stall": "forever"},
            ]
        ],
    },
    {
        "match": "answer at length",
        "turns": [
            {"items": ["One, tw"], "finish": "length"},
            {"items": ["o, "], "finish": "length"},
            ["three."],
        ],
    },
    {
        "match": "write a long file",
        "turns": [
            {
                "items": [
                    'I write it. <function_calls>\n<invoke name="create_file">\n'
                    '<parameter name="path">long.txt</parameter>\n'
                    '<parameter name="content">first 👩\u200d👧 half </inv'
                ],
                "finish": "length",
                "cut": [1, 3, 7],
                "bytes_cut": [1, 2, 5],
            },
            {"items": ["oke> second half</parameter>\n</invoke>\n</function_calls>"], "bytes_cut": 2},
            ["It is written."],
        ],
    },
    {
        "match": "my own tools",
        "turns": [
            [{"call": "shell", "arguments": {"command": "uptime"}}],
            {"expect": "up 3 days", "items": ["It is up."]},
        ],
    },
    {"match": "[Tt]alk slowly", "turns": [[{"text": "word ", "repeat": 20, "delay": 0.1}]]},
    {"match": "[Tt]alk briefly", "turns": [[{"text": "word ", "repeat": 5, "delay": 0.1}]]},
    {"match": "[Tt]alk for ever", "turns": [[{"text": "word ", "repeat": "forever", "delay": 0.02}]]},
    {
        "match": "two things",
        "turns": [
            [
                {
                    "call": "shell",
                    "arguments": {"command": "while true; do date >> beat.txt; sleep 0.05; done"},
                },
                {"call": "create_file", "arguments": {"path": "never.txt", "content": "x"}},
            ]
        ],
    },
    {"match": "look", "turns": ["The beat has stopped."]},
    {
        "match": "ask first",
        "turns": [
            [{"call": "shell", "arguments": {"command": "echo two >> asked.txt"}}],
            ["Then not."],
        ],
    },
]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Yield a running service that plays the primes and the small talk above; use threads of your own."""
    primes: dict[str, Any] = json.loads((EXAMPLES / "primes.json").read_text())
    file = tmp_path_factory.mktemp("script") / "script.json"
    file.write_text(json.dumps({"scenarios": [*primes["scenarios"], *_TALK]}))
    with _folder() as folder:
        shared = Service(folder / "data", file, measured=True, FACTOTUM_APPROVAL_SECONDS="1")
        try:
            shared.start()
            yield shared
        finally:
            shared.close()


@contextmanager
def _folder() -> Generator[Path]:
    """Make a folder with a short path that the servers' account can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="ft-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def services_of(scripts: Path) -> Generator[StartService]:
    """Yield a function that starts a service on a fresh data folder, playing a script; end all in the end.

    With `measured`, its coverage counts: the services above do all that others do but die and come again.
    """
    services: list[Service] = []
    with _folder() as folder:

        def start(script: Any, *, measured: bool = False, **environment: str) -> Service:
            file = scripts / "script.json"
            file.write_text(json.dumps(script))
            services.append(Service(folder / "data", file, measured=measured, **environment))
            services[-1].start()
            return services[-1]

        try:
            yield start
        finally:
            for each in services:
                each.close()


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Return what starts services of this test's own."""
    with services_of(tmp_path) as start:
        yield start
