"""expand_output: bounded pieces of what the context leaves out."""

import pytest

from factotum.testing.memory_context import MemoryToolContext
from factotum.tools.builtin.expand import expand_output

TEXT = "".join(f"{number:09d}\n" for number in range(2_000))


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [(0, None, 0, 8_000), (400, None, 400, 8_400), (5, 25, 5, 25), (19_990, 90_000, 19_990, 20_000)],
)
async def test_a_piece_is_shown_with_its_place(start: int, end: int | None, first: int, last: int) -> None:
    context = MemoryToolContext(texts={"c1": TEXT})
    result = await context.call(expand_output, call_id="c1", start=start, **({"end": end} if end else {}))
    head, _, body = result.text.partition("\n")
    more = f" Go on with start {last}." if last < len(TEXT) else ""
    assert head == f"[Characters {first} to {last} of 20000.{more}]"
    assert body == TEXT[first:last]
    assert result.outcome == "ok"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"call_id": "c2"}, "output_not_found"),
        ({"call_id": "c1", "start": 20_000}, "range_empty"),
        ({"call_id": "c1", "start": 9, "end": 9}, "range_empty"),
    ],
)
async def test_what_is_not_there_is_said(arguments: dict[str, object], code: str) -> None:
    result = await MemoryToolContext(texts={"c1": TEXT}).call(expand_output, **arguments)
    assert (result.outcome, result.code) == ("error", code)
    assert "z" not in result.text
