"""The message log: order, repetition, and what models write."""

import asyncio

import pytest
from pydantic import TypeAdapter

from factotum.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from factotum.core.ids import new_id
from factotum.protocol.messages import ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from factotum.store.database import Database
from factotum.store.jsonb import clean_text, encode
from factotum.store.messages import Messages
from factotum.store.projects import Projects
from factotum.store.records import Caller, Thread
from factotum.store.threads import Threads

_TEXT: TypeAdapter[str] = TypeAdapter(str)


@pytest.fixture
async def thread(database: Database, alice: Caller, alice_account: str) -> Thread:
    async with database.tenant(alice) as tx:
        project = await Projects(tx).create(alice_account, "Work")
        return await Threads(tx).create(project.id)


async def test_every_kind_of_part_comes_back_as_it_went(
    database: Database, alice: Caller, thread: Thread
) -> None:
    parts = (
        TextPart(text="<b>é\\u0000 \\ 🙂</b>"),
        ReasoningPart(text="why", signed={"signature": "s", "n": [1, 2.5, None]}),
        ToolCallPart(call_id="c", name="shell", arguments={"command": "ls"}, dialect="tag", raw="<shell/>"),
        ToolResultPart(call_id="c", name="shell", output="ok", outcome="unknown"),
    )
    async with database.tenant(alice) as tx:
        stored = await Messages(tx).append(thread.id, "assistant", parts)
    async with database.tenant(alice) as tx:
        assert await Messages(tx).get(stored.id) == stored
    assert stored.parts == parts
    assert stored.position == 1


async def test_what_postgres_cannot_hold_is_replaced(
    database: Database, alice: Caller, thread: Thread
) -> None:
    async with database.tenant(alice) as tx:
        stored = await Messages(tx).append(thread.id, "tool", [TextPart(text="a\x00b \ud800 \\u0000")])
    assert stored.text == "a\ufffdb \ufffd \\u0000"


@pytest.mark.parametrize(
    "text", ["plain", "a\x00b", "\\\x00", "\\\\\x00\x00", "\ud83d\ude42 \udc00", "\\u0000"]
)
def test_encoded_text_is_what_clean_text_says(text: str) -> None:
    assert _TEXT.validate_json(encode(_TEXT, text)) == clean_text(text)


async def test_positions_are_dense_under_concurrent_appends(
    database: Database, alice: Caller, thread: Thread
) -> None:
    async def append(number: int) -> int:
        async with database.tenant(alice) as tx:
            return (await Messages(tx).append(thread.id, "user", [TextPart(text=str(number))])).position

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(append(number)) for number in range(20)]
    assert sorted(task.result() for task in tasks) == list(range(1, 21))
    async with database.tenant(alice) as tx:
        assert [m.position for m in await Messages(tx).list(thread.id)] == list(range(1, 21))
        assert (await Threads(tx).get(thread.id)).last_position == 20


async def test_a_message_appended_again_is_stored_once(
    database: Database, alice: Caller, thread: Thread
) -> None:
    message_id = new_id()

    async def append() -> int:
        async with database.tenant(alice) as tx:
            message = await Messages(tx).append(
                thread.id, "user", [TextPart(text="x")], message_id=message_id
            )
            return message.position

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(append()) for _ in range(10)]
    assert {task.result() for task in tasks} == {1}
    async with database.tenant(alice) as tx:
        repeated = await Messages(tx).append(
            thread.id, "user", [TextPart(text="other")], message_id=message_id
        )
        following = await Messages(tx).append(thread.id, "user", [])
    assert repeated.text == "x"
    assert following.position == 2


async def test_an_id_of_another_thread_is_refused(database: Database, alice: Caller, thread: Thread) -> None:
    async with database.tenant(alice) as tx:
        first = await Messages(tx).append(thread.id, "user", [])
        other = await Threads(tx).create(thread.project_id)
        with pytest.raises(Conflict) as caught:
            await Messages(tx).append(other.id, "user", [], message_id=first.id)
    assert caught.value.stable_code == "message_id_taken"


async def test_pages(database: Database, alice: Caller, thread: Thread) -> None:
    async with database.tenant(alice) as tx:
        messages = Messages(tx)
        for number in range(1, 8):
            await messages.append(thread.id, "user", [TextPart(text=str(number))])
        assert [m.text for m in await messages.list(thread.id, limit=3)] == ["1", "2", "3"]
        assert [m.text for m in await messages.list(thread.id, after=5)] == ["6", "7"]
        assert [m.text for m in await messages.last(thread.id, limit=2)] == ["6", "7"]
        assert [m.text for m in await messages.last(thread.id, before=3)] == ["1", "2"]
        for limit in (0, 201):
            with pytest.raises(InvalidInput):
                await messages.list(thread.id, limit=limit)


async def test_unknown_ids(database: Database, alice: Caller) -> None:
    async with database.tenant(alice) as tx:
        with pytest.raises(NotFound) as caught:
            await Messages(tx).append(new_id(), "user", [])
        assert caught.value.stable_code == "thread_not_found"
        with pytest.raises(NotFound) as caught:
            await Messages(tx).get(new_id())
        assert caught.value.stable_code == "message_not_found"
    with pytest.raises(InvalidInput):
        async with database.tenant(alice) as tx:
            await Messages(tx).get("not-an-id")


async def test_a_message_is_never_changed_or_deleted_by_itself(
    database: Database, alice: Caller, thread: Thread
) -> None:
    async with database.tenant(alice) as tx:
        await Messages(tx).append(thread.id, "user", [])
    for statement in ("delete from factotum.messages", "update factotum.messages set role = 'tool'"):
        with pytest.raises(Forbidden):
            async with database.tenant(alice) as tx:
                await tx.run(statement)
    async with database.tenant(alice) as tx:
        await Threads(tx).delete(thread.id)
        assert await Messages(tx).list(thread.id) == []
