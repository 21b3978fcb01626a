"""Reads what a newer version of the service may have written: in a deploy two versions work side by side.

A field that this version does not know is optional, so it is passed over. So is a part of an unknown type
where its message is only shown; whoever works with it must refuse it (store/messages.py).
"""

import json
from typing import Any, TypeVar, cast, get_args

from pydantic import TypeAdapter, ValidationError

from factotum.protocol.messages import Part

T = TypeVar("T")

_KNOWN = frozenset(kind.model_fields["type"].default for kind in get_args(get_args(Part)[0]))


def read_known(adapter: TypeAdapter[T], data: str | bytes) -> T:
    """Return what is known of a value, in which messages may stand. Raises pydantic's ValidationError."""
    try:
        return adapter.validate_json(data, extra="ignore")
    except ValidationError as fault:
        if not any(error["type"] == "union_tag_invalid" for error in fault.errors(include_url=False)):
            raise
    return adapter.validate_json(json.dumps(_known(json.loads(data))), extra="ignore")


def _known(value: Any) -> Any:
    """Leave the unknown parts out of a message, of messages, or of what holds some."""
    if isinstance(value, list):
        return [_known(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    found = dict(cast("dict[str, Any]", value))
    for name in found.keys() & {"message", "messages"}:
        found[name] = _known(found[name])
    if isinstance(parts := found.get("parts"), list):
        found["parts"] = [part for part in cast("list[Any]", parts) if _is_known(part)]
    return found


def _is_known(part: Any) -> bool:
    return not isinstance(part, dict) or cast("dict[str, Any]", part).get("type") in _KNOWN
