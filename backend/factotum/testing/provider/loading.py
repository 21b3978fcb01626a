"""Reads scripts: expands the short forms, checks, and says where and what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, cast

import orjson
from pydantic import JsonValue, ValidationError

from factotum.core.errors import SetupFault
from factotum.testing.provider.script import Script, joined_lines

ScriptSource = Script | Path | str | Mapping[str, object] | list[object]
"""A script, a file (or its path as text), or the JSON value that a file would hold."""

EXAMPLES = Path(__file__).parent / "scripts"
"""The folder of the example scripts."""

_HELP = "The format is described in factotum/testing/provider/README.md; examples are in its folder scripts/."


class ScriptFault(SetupFault):
    """The script cannot be read, or says something that a script cannot say."""

    code: ClassVar[str] = "script_invalid"


def load_script(source: ScriptSource) -> Script:
    """Return the script that `source` holds. Raises ScriptFault, naming each wrong place."""
    match source:
        case Script():
            return source
        case str() | Path():
            return _parsed(_read(Path(source)), str(source))
        case _:
            return _parsed(cast("JsonValue", orjson.loads(orjson.dumps(source))), "the script")


def _read(path: Path) -> JsonValue:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScriptFault(
            f"{path} cannot be read: {error.strerror}", hint="Give the path of a JSON file."
        ) from error
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ScriptFault(f"{path} is not JSON: {error.msg} at {where}", hint=_HELP) from error


def _parsed(value: JsonValue, name: str) -> Script:
    try:
        return Script.model_validate(_named(_expanded(joined_lines(value))))
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise ScriptFault("\n".join([f"{name} is not a script:", *lines]), hint=_HELP) from error


def _expanded(value: JsonValue) -> JsonValue:
    """Turn a bare list of turns, or one scenario, into a script."""
    match value:
        case str():
            return {"scenarios": [{"turns": [value]}]}
        case list():
            return {"scenarios": [{"turns": value}]}
        case {"turns": _}:
            scenario = {key: entry for key, entry in value.items() if key != "models"}
            return {"models": value.get("models", []), "scenarios": [scenario]}
        case _:
            return value


def _named(value: JsonValue) -> JsonValue:
    """Give scenarios without a name their number as one: errors and the journal speak of them."""
    match value:
        case {"scenarios": list(scenarios)}:
            named: list[JsonValue] = [
                {"name": f"scenario {number}", **scenario} if isinstance(scenario, dict) else scenario
                for number, scenario in enumerate(scenarios, 1)
            ]
            return {**value, "scenarios": named}
        case _:
            return value
