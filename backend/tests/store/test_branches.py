"""The tree of a thread: whatever is appended and moved, each path is whole, in order, and read in pages."""

import random
from collections.abc import Mapping

import pytest

from factotum.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from factotum.core.ids import new_id
from factotum.protocol.messages import Message, TextPart
from factotum.store.branches import Branches
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.projects import Projects
from factotum.store.records import Caller, Thread
from factotum.store.threads import Threads
from factotum.store.tx import Tx
from tests.fixtures_store import add_member


@pytest.fixture
async def thread(database: Database, alice: Caller, alice_account: str) -> Thread:
    async with database.tenant(alice) as tx:
        project = await Projects(tx).create(alice_account, "Work")
        return await Threads(tx).create(project.id)


async def say(tx: Tx, thread: Thread, text: str, after: str | None = "") -> Message:
    """Append a message at the leaf, or after another message; None: as a new root."""
    if after != "":
        await Branches(tx).move(thread.id, after)
    return await Messages(tx).append(thread.id, "user", [TextPart(text=text)])


def path_to(messages: Mapping[str, Message], leaf: str | None) -> list[Message]:
    """Walk up from a leaf by the parents alone."""
    path: list[Message] = []
    while leaf is not None:
        path.append(messages[leaf])
        leaf = messages[leaf].parent_id
    return path[::-1]


async def test_a_thread_without_edits_is_one_path(database: Database, alice: Caller, thread: Thread) -> None:
    async with database.tenant(alice) as tx:
        assert await Branches(tx).path(thread.id) == []
        said = [await say(tx, thread, str(number)) for number in range(4)]
        assert [message.parent_id for message in said] == [None, *(message.id for message in said[:3])]
        assert await Branches(tx).path(thread.id) == said
        assert await Branches(tx).path(thread.id, after=2) == said[2:]
        assert await Branches(tx).path(thread.id, after=1, limit=2) == said[1:3]
        assert await Branches(tx).path(thread.id, leaf=said[1].id) == said[:2]
        assert (await Threads(tx).get(thread.id)).leaf_id == said[3].id
        placed = await Branches(tx).last_placed(thread.id, limit=2)
        assert [(message.id, message.siblings) for message in placed] == [
            (message.id, (message.id,)) for message in said[2:]
        ]


@pytest.mark.parametrize("seed", range(3))
async def test_every_path_of_any_tree_is_whole(
    database: Database, alice: Caller, thread: Thread, seed: int
) -> None:
    chance = random.Random(seed)
    tree: dict[str, Message] = {}
    async with database.tenant(alice) as tx:
        branches = Branches(tx)
        for number in range(40):
            places: list[str | None] = ["", "", *chance.choices([None, *tree], k=2)]
            message = await say(tx, thread, str(number), chance.choice(places))
            tree[message.id] = message
        for message in tree.values():
            path = path_to(tree, message.id)
            assert await branches.path(thread.id, leaf=message.id, limit=200) == path
            middle = chance.choice(path).position
            assert await branches.path(thread.id, leaf=message.id, after=middle) == [
                each for each in path if each.position > middle
            ]
            before = await branches.last_placed(thread.id, leaf=message.id, before=middle, limit=3)
            assert [each.id for each in before] == [each.id for each in path if each.position < middle][-3:]
            below = [each for each in tree.values() if message in path_to(tree, each.id)]
            newest = max(below, key=lambda each: each.position)
            assert await branches.newest_below(thread.id, message.id) == newest.id
            for each in await branches.placed(thread.id, leaf=message.id, limit=200):
                beside = [other.id for other in tree.values() if other.parent_id == each.parent_id]
                assert list(each.siblings) == beside
        assert await Messages(tx).list(thread.id, limit=200) == list(tree.values())


async def test_going_back_to_a_tip_goes_on_with_its_branch(
    database: Database, alice: Caller, thread: Thread
) -> None:
    async with database.tenant(alice) as tx:
        first = await say(tx, thread, "a")
        tip = await say(tx, thread, "b")
        other = await say(tx, thread, "b2", first.id)
        more = await say(tx, thread, "c", tip.id)
        rows = await tx.all(
            "select distinct branch_id from factotum.messages where thread_id = %s", (thread.id,)
        )
        assert await Branches(tx).path(thread.id) == [first, tip, more]
        assert await Branches(tx).path(thread.id, leaf=other.id) == [first, other]
    assert len(rows) == 2


async def test_a_message_appended_again_does_not_move_the_leaf(
    database: Database, alice: Caller, thread: Thread
) -> None:
    async with database.tenant(alice) as tx:
        first = await say(tx, thread, "a")
        last = await say(tx, thread, "b")
        again = await Messages(tx).append(thread.id, "user", [], message_id=first.id)
        assert again == first
        assert (await Threads(tx).get(thread.id)).leaf_id == last.id


async def test_what_a_message_answers(database: Database, alice: Caller, thread: Thread) -> None:
    async with database.tenant(alice) as tx:
        messages, branches = Messages(tx), Branches(tx)
        early = await messages.append(thread.id, "assistant", [TextPart(text="x")])
        with pytest.raises(NotFound) as caught:
            await branches.asked_by(early)
        assert caught.value.stable_code == "message_not_found"
        asked = await say(tx, thread, "a")
        called = await messages.append(thread.id, "assistant", [TextPart(text="x")])
        result = await messages.append(thread.id, "tool", [TextPart(text="x")])
        for message in (asked, called, result):
            assert await branches.asked_by(message) == asked.id
        edited = await say(tx, thread, "b", early.id)
        reply = await messages.append(thread.id, "assistant", [TextPart(text="x")])
        assert await branches.asked_by(reply) == edited.id
        assert await branches.asked_by(result) == asked.id


async def test_only_the_thread_s_own_messages_are_its_leaves(
    database: Database, alice: Caller, bob: Caller, bob_account: str, thread: Thread
) -> None:
    async with database.tenant(alice) as tx:
        mine = await say(tx, thread, "a")
        other = await Threads(tx).create(thread.project_id)
    async with database.tenant(bob) as tx:
        project = await Projects(tx).create(bob_account, "Theirs")
        theirs = await Threads(tx).create(project.id)
        secret = await say(tx, theirs, "secret")
    async with database.tenant(alice) as tx:
        branches = Branches(tx)
        for foreign, leaf in ((other, mine), (thread, secret), (theirs, secret)):
            assert await branches.path(foreign.id, leaf=leaf.id) == []
            for attempt in (
                lambda f=foreign, m=leaf: branches.newest_below(f.id, m.id),
                lambda f=foreign, m=leaf: branches.move(f.id, m.id),
            ):
                with pytest.raises((NotFound, Forbidden)):
                    await attempt()
        assert await branches.path(theirs.id) == []
        assert (await Threads(tx).get(thread.id)).leaf_id == mine.id
        with pytest.raises(InvalidInput):
            await branches.path(thread.id, limit=0)
    for parent in (secret.id, new_id()):
        with pytest.raises((NotFound, Conflict)):
            async with database.tenant(alice) as tx:
                await tx.run(
                    "insert into factotum.messages"
                    " (id, account_id, thread_id, parent_id, branch_id, position, role, parts)"
                    " values (%s, (select account_id from factotum.threads where id = %s), %s, %s, %s, 9,"
                    " 'user', '[]')",
                    (new_id(), thread.id, thread.id, parent, new_id()),
                )


async def test_a_viewer_cannot_choose_a_branch(
    database: Database,
    alice: Caller,
    bob: Caller,
    alice_account: str,
    thread: Thread,
    admin_database_url: str,
) -> None:
    async with database.tenant(alice) as tx:
        first = await say(tx, thread, "a")
        await say(tx, thread, "b")
    add_member(admin_database_url, alice_account, bob.user_id, "viewer")
    async with database.tenant(bob) as tx:
        assert len(await Branches(tx).path(thread.id)) == 2
        with pytest.raises(Forbidden):
            await Branches(tx).move(thread.id, first.id)


async def test_a_thread_with_branches_is_deleted_whole(
    database: Database, alice: Caller, thread: Thread
) -> None:
    async with database.tenant(alice) as tx:
        first = await say(tx, thread, "a")
        await say(tx, thread, "b")
        await say(tx, thread, "c", first.id)
    async with database.tenant(alice) as tx:
        await Threads(tx).delete(thread.id)
        assert await Messages(tx).list(thread.id) == []
