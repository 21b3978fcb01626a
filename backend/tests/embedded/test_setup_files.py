"""The files around the product agree with it: the example of settings, Fly's files, gunicorn's times."""

import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from factotum.settings import Settings

ROOT = Path(__file__).parents[3]
GUNICORN = runpy.run_path(str(ROOT / "docker/gunicorn.conf.py"))


def setting_names() -> set[str]:
    """Return the environment's name of every setting."""
    fields = Settings.model_fields
    return {str(field.validation_alias or f"FACTOTUM_{name.upper()}") for name, field in fields.items()}


def example() -> dict[str, str]:
    """Return the names in .env.example with their values."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


CLIENT_SETTINGS = {"FACTOTUM_URL", "FACTOTUM_DEBUG"}
"""Read by the commands that talk to a service, not by the service."""


def test_the_example_lists_every_setting_and_no_secret() -> None:
    assert setting_names() <= set(example())
    named = {name for name in example() if name.startswith("FACTOTUM_")}
    assert named - CLIENT_SETTINGS <= setting_names()
    assert not [
        name
        for name, value in example().items()
        if value and name.endswith(("TOKEN", "KEY", "PASSWORD", "URL"))
    ]


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)  # pyright: ignore[reportCallIssue] - pydantic-settings' own argument


@pytest.mark.parametrize("mode", ["staging", "production"])
def test_fly_agrees_with_the_settings_and_with_gunicorn(mode: str) -> None:
    fly: dict[str, Any] = tomllib.loads((ROOT / f"fly.{mode}.toml").read_text())
    assert fly["env"]["ENV_MODE"] == mode
    assert {name for name in fly["env"] if name.startswith("FACTOTUM_")} <= setting_names()
    assert fly["kill_signal"] == "SIGTERM"
    assert GUNICORN["graceful_timeout"] < fly["kill_timeout"] <= 300
    assert int(fly["env"]["PORT"]) == fly["http_service"]["internal_port"]
    assert fly["http_service"]["processes"] == ["api"]
    assert set(fly["processes"]) == {group for machine in fly["vm"] for group in machine["processes"]}
    assert not [name for name in fly["env"] if name.endswith(("TOKEN", "KEY", "PASSWORD", "_URL"))]


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu.max": "rubbish"}, None),
        ({"cpu.max": "max 100000\n"}, None),
        ({}, None),
    ],
)
def test_gunicorn_counts_the_cpus_it_may_use(tmp_path: Path, files: dict[str, str], cpus: int | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    everything = GUNICORN["available_cpus"](tmp_path / "none")
    assert GUNICORN["available_cpus"](tmp_path) == (cpus or everything)
