"""Numbers of things in words."""

from factotum.core.wording import count


def test_one_thing_is_no_plural() -> None:
    assert [count(number, "file") for number in (0, 1, 2, 1_200)] == [
        "0 files",
        "1 file",
        "2 files",
        "1,200 files",
    ]
    assert [count(number, "entry", "entries") for number in (1, 3)] == ["1 entry", "3 entries"]
