"""The sandbox in memory keeps the port's promises, and fails clearly when its script runs dry."""

from collections.abc import AsyncIterator

import pytest

from factotum.core.errors import FactotumError, InvalidInput, NotFound, SandboxRefused, TooLarge, Unavailable
from factotum.core.ids import new_id
from factotum.sandbox.port import OutputStream, Sandbox, TerminalSize
from factotum.testing.memory_sandbox import MemorySandbox, MemorySandboxProvider, ScriptedCommand
from factotum.testing.sandbox_conformance import FilesConformance, failure


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for piece in data:
        yield piece


async def whole(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in stream])


async def test_commands_are_played_once_and_by_name_first_come() -> None:
    sandbox = MemorySandbox(commands=[ScriptedCommand("b", exit_code=2), ScriptedCommand(exit_code=1)])
    shown: list[tuple[OutputStream, bytes]] = []

    async def show(stream: OutputStream, data: bytes) -> None:
        shown.append((stream, data))

    sandbox.script(ScriptedCommand("c", (("stderr", b"0123456789"),), {"made/by": b"c"}))
    assert (await sandbox.exec("a")).exit_code == 1
    assert (await sandbox.exec("b")).exit_code == 2
    result = await sandbox.exec("c", output_limit=4, on_output=show)
    assert (result.output, result.truncated_bytes, result.timed_out) == (b"0189", 6, False)
    assert shown == [("stderr", b"0123456789")]
    assert sandbox.content("made/by") == b"c"
    with pytest.raises(Unavailable, match="nothing is scripted for 'd'") as dry:
        await sandbox.exec("d")
    assert dry.value.hint == "Scripted commands left: 0."


async def test_a_command_over_its_timeout_leaves_no_files() -> None:
    sandbox = MemorySandbox(commands=[ScriptedCommand(files={"a": b""}, seconds=9)])
    result = await sandbox.exec("x", timeout=0.01)
    assert (result.timed_out, result.exit_code) == (True, None)
    assert await sandbox.list() == []


async def test_files_are_written_whole_or_not_at_all() -> None:
    sandbox = MemorySandbox()
    info = await sandbox.write("./d//a", pieces(b"12", b"34"), limit=4)
    assert (info.path, info.kind, info.size_bytes) == ("d/a", "file", 4)
    with pytest.raises(TooLarge):
        await sandbox.write("d/a", pieces(b"12", b"345"), limit=4)
    assert await whole(sandbox.read("d/a")) == b"1234"
    assert await whole(sandbox.read("d/a", offset=1, limit=2)) == b"23"
    assert await whole(sandbox.read("d/a", offset=9)) == b""
    assert (await sandbox.stat("d")).kind == "folder"
    with pytest.raises(InvalidInput):
        await sandbox.write("d/a/b", pieces(), limit=1)
    with pytest.raises(InvalidInput):
        await sandbox.write("d", pieces(), limit=1)


async def test_listing_is_sorted_and_bounded() -> None:
    sandbox = MemorySandbox(files={"b": b"", "a/x": b"", "a/y/z": b""})
    assert [info.path for info in await sandbox.list()] == ["a", "b"]
    assert [info.path for info in await sandbox.list("a", recursive=True)] == ["a/x", "a/y", "a/y/z"]
    assert [info.path for info in await sandbox.list(".", recursive=True, limit=2)] == ["a", "a/x"]
    with pytest.raises(InvalidInput):
        await sandbox.list("b")


async def test_deleting_takes_a_folder_with_all_in_it() -> None:
    sandbox = MemorySandbox(files={"a/x": b"", "a/y/z": b"", "ab": b""})
    await sandbox.delete("a")
    assert [info.path for info in await sandbox.list(recursive=True)] == ["ab"]
    with pytest.raises(NotFound):
        await sandbox.delete("a")
    with pytest.raises(InvalidInput):
        await sandbox.delete(".")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../a", "path_outside"),
        ("/a", "path_outside"),
        ("", "path_invalid"),
        ("a\0", "path_invalid"),
        ("gone", "file_not_found"),
    ],
)
async def test_bad_paths_are_refused_with_the_ports_codes(path: str, code: str) -> None:
    sandbox = MemorySandbox()
    for attempt in (sandbox.stat(path), sandbox.delete(path), whole(sandbox.read(path)), sandbox.list(path)):
        with pytest.raises(FactotumError) as caught:
            await attempt
        assert caught.value.stable_code == code


async def test_a_provider_keeps_one_sandbox_a_project_or_refuses() -> None:
    provider = MemorySandboxProvider(commands=[ScriptedCommand("x")])
    first = await provider.open("p")
    assert first is await provider.open("p")
    assert first is not await provider.open("q")
    assert (await (await provider.open("q")).exec("x")).exit_code == 0
    await provider.delete("p")
    assert first is not await provider.open("p")
    assert await provider.refusal() is None
    refusing = MemorySandboxProvider(reason="No bubblewrap here.")
    assert await refusing.refusal() == "No bubblewrap here."
    with pytest.raises(SandboxRefused, match="No bubblewrap"):
        await refusing.open("p")


class TestMemorySandbox(FilesConformance):
    """What its capabilities name, it does as every sandbox."""

    @pytest.fixture
    def provider(self) -> MemorySandboxProvider:
        return MemorySandboxProvider()

    @pytest.fixture
    async def sandbox(self, provider: MemorySandboxProvider) -> Sandbox:
        return await provider.open(new_id())


async def test_it_says_what_it_lacks() -> None:
    sandbox = MemorySandbox(files={"a/x": b"one\ntwo\n", "b.txt": b"two"})
    can = sandbox.capabilities
    assert (can.commands, can.sessions, can.terminals, can.ports, can.search) == (False,) * 4 + (True,)
    sessions = sandbox.sessions
    assert await sessions.list() == []
    for work in (
        sessions.start("s"),
        sessions.run("s", "true"),
        sessions.write("s", b""),
        sessions.poll("s"),
        sessions.resize("s", TerminalSize()),
        sessions.kill("s"),
    ):
        assert (await failure(work)).stable_code == "not_supported"
    assert await sandbox.ports() == []
    assert (await failure(sandbox.connect(80))).stable_code == "port_not_open"
    assert [match.path for match in await sandbox.search("tw.")] == ["a/x", "b.txt"]
    assert [match.line for match in await sandbox.search("two", "a", names="x")] == [2]
    assert (await failure(sandbox.search("("))).stable_code == "pattern_invalid"
