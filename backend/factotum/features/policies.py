"""The rules in an agent's settings, under `policy`: checked when they are written, read when a run begins."""

import logging
from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from factotum.core.errors import InvalidInput
from factotum.protocol.policy import Rules

log = logging.getLogger(__name__)

_KEY = "policy"


def check_policy(settings: Mapping[str, JsonValue]) -> None:
    """Raise InvalidInput (`invalid_policy`) for settings whose `policy` cannot be read."""
    try:
        Rules.model_validate(settings.get(_KEY, {}))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, ("settings", _KEY, *first["loc"])))
        raise InvalidInput(
            f"{field}: {first['msg']}.",
            hint='A policy looks like {"deny": ["mcp:*"], "ask": ["shell(git push*)"], "default": "allow"}.',
            code="invalid_policy",
            field=field,
        ) from None


def rules_of(settings: Mapping[str, JsonValue]) -> Rules:
    """Return the rules of an agent. It asks about all when they cannot be read, as of an older version."""
    try:
        return Rules.model_validate(settings.get(_KEY, {}))
    except ValidationError:
        log.warning("an agent's policy cannot be read: a person is asked about every call")
        return Rules(default="ask")
