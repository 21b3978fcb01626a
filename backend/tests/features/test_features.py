"""What features promise beyond what HTTP shows: races, leftovers, bounds."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from factotum.core.errors import Conflict, NotFound, Unavailable
from factotum.core.ids import new_id
from factotum.features.files import FileService
from factotum.features.pages import PageRequest
from factotum.features.projects import NewProject, ProjectService
from factotum.features.threads import NewThread, ThreadService
from factotum.store.activity import Activity
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.threads import Threads
from factotum.testing.memory_sandbox import MemorySandboxProvider


async def test_a_run_cannot_slip_into_a_thread_that_is_being_deleted(
    database: Database, alice: Caller
) -> None:
    thread = await ThreadService(database).create(alice, NewThread())
    checked = asyncio.Event()

    async def submit() -> None:
        await checked.wait()
        async with database.tenant(alice) as tx:
            await Runs(tx).create(thread.id, created_by=alice.user_id, model="m")

    late = asyncio.create_task(submit())
    async with database.tenant(alice) as tx:
        assert await Activity(tx).unended_run_of_thread(thread.id) is None
        checked.set()
        await asyncio.sleep(0.2)
        assert not late.done()
        await Threads(tx).delete(thread.id)
    with pytest.raises(NotFound):
        await late


async def test_a_thread_cannot_slip_into_a_project_that_is_being_deleted(
    database: Database, alice: Caller
) -> None:
    projects = ProjectService(database, MemorySandboxProvider())
    project = await projects.create(alice, NewProject(name="x"))
    async with database.tenant(alice) as tx:
        assert await Activity(tx).unended_run_of_project(project.id) is None
        late = asyncio.create_task(ThreadService(database).create(alice, NewThread(project_id=project.id)))
        await asyncio.sleep(0.2)
        assert not late.done()
    assert (await late).project_id == project.id


async def test_a_project_with_a_queued_run_stays_with_its_workspace(
    database: Database, alice: Caller
) -> None:
    sandboxes = MemorySandboxProvider()
    thread = await ThreadService(database).create(alice, NewThread())
    await _put(sandboxes, thread.project_id, "a.txt")
    async with database.tenant(alice) as tx:
        await Runs(tx).create(thread.id, created_by=alice.user_id, model="m")
    with pytest.raises(Conflict) as caught:
        await ProjectService(database, sandboxes).delete(alice, thread.project_id)
    assert caught.value.stable_code == "project_busy"
    assert await (await sandboxes.open(thread.project_id)).list()


async def test_a_workspace_that_cannot_be_deleted_does_not_undo_the_deletion(
    database: Database, alice: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    class Stuck(MemorySandboxProvider):
        async def delete(self, project_id: str) -> None:
            raise Unavailable("The disk is away.")

    projects = ProjectService(database, Stuck())
    project = await projects.create(alice, NewProject(name="x"))
    with caplog.at_level(logging.WARNING):
        await projects.delete(alice, project.id)
    assert project.id in caplog.text
    assert (await projects.list(alice, PageRequest())).items == ()


async def test_another_ones_project_keeps_its_workspace(
    database: Database, alice: Caller, bob: Caller
) -> None:
    sandboxes = MemorySandboxProvider()
    projects = ProjectService(database, sandboxes)
    project = await projects.create(alice, NewProject(name="x"))
    await _put(sandboxes, project.id, "a.txt")
    with pytest.raises(NotFound):
        await projects.delete(bob, project.id)
    assert await (await sandboxes.open(project.id)).list()


async def test_a_long_list_of_files_is_cut_and_says_so(database: Database, alice: Caller) -> None:
    sandboxes = MemorySandboxProvider()
    thread = await ThreadService(database).create(alice, NewThread())
    files = FileService(database, sandboxes, upload_limit=10)
    for number in range(1_000):
        await _put(sandboxes, thread.project_id, f"{number:04}")
    whole = await files.list(alice, thread.id, ".", recursive=False)
    assert (len(whole.items), whole.truncated) == (1_000, False)
    await _put(sandboxes, thread.project_id, "more")
    cut = await files.list(alice, thread.id, ".", recursive=False)
    assert (len(cut.items), cut.truncated) == (1_000, True)


async def test_files_of_a_thread_that_is_not_there_are_not_there(database: Database, alice: Caller) -> None:
    files = FileService(database, MemorySandboxProvider(), upload_limit=10)
    with pytest.raises(NotFound) as caught:
        await files.list(alice, new_id(), ".", recursive=False)
    assert caught.value.stable_code == "thread_not_found"


async def _put(sandboxes: MemorySandboxProvider, project_id: str, path: str) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"x"

    await (await sandboxes.open(project_id)).write(path, content(), limit=10)
