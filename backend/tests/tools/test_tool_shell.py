"""The shell tool: what is shown while it runs, and what the model reads in the end."""

from collections.abc import AsyncIterator

import pytest

from factotum.core.errors import NotFound, Unavailable
from factotum.sandbox.port import FileInfo
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox, ScriptedCommand
from factotum.tools.builtin.shell import shell
from factotum.tools.text import with_colours, without_terminal_codes


async def test_output_streams_as_it_came_and_the_report_ends_with_the_exit_code(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    machine.script(
        ScriptedCommand("make", (("stdout", b"one\n"), ("stderr", b"\x1b[31mtwo\x1b[0m\n")), exit_code=2)
    )
    result = await context.call(shell, command="make")
    assert context.outputs == [("stdout", "one\n"), ("stderr", "\x1b[31mtwo\x1b[0m\n")]
    assert (result.text, result.outcome) == ("one\ntwo\n[exit code 2]", "ok")
    assert result.display == "one\n\x1b[31mtwo\x1b[0m\n[exit code 2]"


async def test_characters_cut_between_pieces_are_shown_whole(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    euro = "€".encode()
    machine.script(
        ScriptedCommand(
            pieces=(
                ("stdout", euro[:1]),
                ("stderr", euro[:2]),
                ("stdout", euro[1:]),
                ("stdout", b"\xff!" + euro[:2]),
            )
        )
    )
    result = await context.call(shell, command="x")
    assert context.outputs == [
        ("stdout", "€"),
        ("stdout", "\ufffd!"),
        ("stdout", "\ufffd"),
        ("stderr", "\ufffd"),
    ]
    assert result.text.endswith("[exit code 0]")
    assert result.display is None


async def test_a_command_without_output_says_so(machine: MemorySandbox, context: MemoryToolContext) -> None:
    machine.script(ScriptedCommand("true"))
    assert (await context.call(shell, command="true")).text == "(no output)\n[exit code 0]"


async def test_a_timeout_is_said_with_what_to_do(machine: MemorySandbox, context: MemoryToolContext) -> None:
    machine.script(ScriptedCommand(pieces=(("stdout", b"half"),), seconds=30))
    result = await context.call(shell, command="sleep 30", timeout_seconds=1)
    assert result.outcome == "ok"
    assert result.text.startswith("half\n[timed out: ended with all its processes after 1 s;")
    assert "exit code" not in result.text


async def test_much_output_keeps_both_ends_and_the_exit_code(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    machine.script(
        ScriptedCommand(pieces=(("stdout", b"A" * 1_500_000), ("stdout", b"Z" * 1_500_000)), exit_code=1)
    )
    result = await context.call(shell, command="yes")
    assert len(result.text) <= shell.output_limit
    assert result.text.startswith("AAA")
    assert result.text.count("characters were left out here") == 1
    assert result.text.endswith(
        "ZZZ\n[the output has 2,000,000 characters in 1 line; all of it is in .factotum/outputs/call-1.txt: "
        "read parts with read_file and start_line, or find in it with grep]\n"
        "[1,000,000 bytes were dropped from the middle of the output; send it to a file "
        "and read parts of it to see all]\n[exit code 1]"
    )
    kept = machine.content(".factotum/outputs/call-1.txt")
    assert (len(kept), kept[:1], kept[-1:]) == (2_000_000, b"A", b"Z")


async def test_only_the_newest_long_outputs_are_kept(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    for number in range(53):
        context.call_id = f"../call {number:02}"
        machine.script(ScriptedCommand(pieces=(("stdout", b"\x1b[1mx\x1b[0m\n" * 20_000),)))
        await context.call(shell, command="x")
    kept = [info.path for info in await machine.list(".factotum/outputs")]
    assert kept == [f".factotum/outputs/___call_{number:02}.txt" for number in range(3, 53)]
    assert machine.content(kept[0]) == b"x\n" * 19_999 + b"x"


class _Full(MemorySandbox):
    """A sandbox whose disk is full."""

    async def write(self, path: str, content: AsyncIterator[bytes], *, limit: int) -> FileInfo:
        raise Unavailable("There is no room left on the disk.", code="disk_full")


async def test_a_long_output_that_cannot_be_kept_is_still_shown() -> None:
    machine = _Full(commands=[ScriptedCommand(pieces=(("stdout", b"x" * 50_000),))])
    result = await MemoryToolContext(machine).call(shell, command="x")
    assert result.text.startswith("xxx")
    assert "could not be kept in a file: There is no room left on the disk.]" in result.text


async def test_the_folder_may_be_named_as_commands_see_it(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    machine.script(ScriptedCommand(files={"src/a": b""}), ScriptedCommand())
    await context.call(shell, command="mkdir src", folder="/workspace")
    await context.call(shell, command="ls", folder="/workspace/src")
    assert machine.executed == [("mkdir src", "."), ("ls", "src")]


async def test_a_folder_that_is_not_there_is_an_error(context: MemoryToolContext) -> None:
    result = await context.call(shell, command="ls", folder="nowhere")
    assert (result.outcome, result.code) == ("error", NotFound("", code="folder_not_found").stable_code)


async def test_a_lost_sandbox_is_an_error_the_model_sees(
    machine: MemorySandbox, context: MemoryToolContext
) -> None:
    machine.script(ScriptedCommand(fault=Unavailable("The sandbox is gone.", code="sandbox_gone")))
    assert (await context.call(shell, command="ls")).code == "sandbox_gone"


async def test_a_command_with_nul_is_refused(context: MemoryToolContext) -> None:
    assert (await context.call(shell, command="a\0b")).code == "invalid_arguments"


def test_the_deadline_leaves_the_longest_command_room() -> None:
    assert shell.deadline_seconds > 600
    assert shell.effect == "unsafe"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[1;32mgreen\x1b[0m", "green"),
        ("\x1b]0;title\x07shown", "shown"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("\r\n", "\n"),
        ("abc\b\bX", "aX"),
        ("\b\bX", "X"),
        ("bell\x07 nul\x00 del\x7f", "bell nul del"),
        ("\x1bPdevice\x1b\\after", "after"),
        ("\x1b", ""),
        ("\x1b(B\x1b[mtext", "text"),
    ],
)
def test_terminal_codes_are_taken_out(raw: str, read: str) -> None:
    assert without_terminal_codes(raw) == read


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain\n", None),
        ("\x1b[2Kplain", None),
        ("\x1b[1;32mgreen\x1b[0m\n", "\x1b[1;32mgreen\x1b[0m\n"),
        ("\x1b]0;title\x07\x1b[31mred\x1b[m\x07", "\x1b[31mred\x1b[m"),
        ("\x1b[31m10%\r\x1b[32m100%\x1b[0m\r\n", "\x1b[32m100%\x1b[0m\n"),
        ("\x1b[31m|\b/\x1b[0m", "/"),
    ],
)
def test_colours_alone_are_kept_for_people(raw: str, shown: str | None) -> None:
    assert with_colours(raw, 1_000) == shown


@pytest.mark.parametrize("limit", range(90, 110))
def test_long_output_is_never_cut_within_a_colour(limit: int) -> None:
    shown = with_colours("\x1b[38;5;200mx\x1b[0m" * 100, limit)
    assert shown is not None
    head, _, rest = shown.partition("\x1b[0m\n[… ")
    _, _, tail = rest.partition("left out here …]\n")
    assert len(shown) < limit + 80
    for part in (head, tail):
        assert without_terminal_codes(part).strip("x") == ""
        assert part.count("\x1b") == part.count("m")
