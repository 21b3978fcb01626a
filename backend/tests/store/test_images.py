"""Images of a thread: stored once, the newest kept, gone with their thread."""

import pytest

from factotum.core.errors import Forbidden
from factotum.core.ids import new_id
from factotum.store import images as module
from factotum.store.database import Database
from factotum.store.images import Images
from factotum.store.records import Caller
from factotum.store.threads import Threads
from tests.fixtures_store import add_member
from tests.store.world import IMAGE, build


async def test_an_image_is_stored_once(database: Database, alice: Caller, alice_account: str) -> None:
    world = await build(database, alice, alice_account)
    async with database.tenant(alice) as tx:
        await Images(tx).keep(world.thread.id, IMAGE, b"another")
        assert await Images(tx).get(world.thread.id, [IMAGE, "1" * 64]) == {IMAGE: b"png"}
        assert await Images(tx).get(new_id(), [IMAGE]) == {}
        await Images(tx).keep(new_id(), IMAGE, b"of no thread")
        await Threads(tx).delete(world.thread.id)
        assert await Images(tx).get(world.thread.id, [IMAGE]) == {}


async def test_the_newest_are_kept(
    database: Database, alice: Caller, alice_account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 3)
    world = await build(database, alice, alice_account)
    ids = [f"{number:064x}" for number in range(1, 6)]
    for image in ids:
        async with database.tenant(alice) as tx:
            await Images(tx).keep(world.thread.id, image, image.encode())
    async with database.tenant(alice) as tx:
        kept = await Images(tx).get(world.thread.id, [IMAGE, *ids])
    assert kept == {image: image.encode() for image in ids[-3:]}


async def test_who_may_only_read_keeps_nothing(
    database: Database, alice: Caller, bob: Caller, bob_account: str, admin_database_url: str
) -> None:
    world = await build(database, bob, bob_account)
    add_member(admin_database_url, bob_account, alice.user_id, "viewer")
    async with database.tenant(alice) as tx:
        assert await Images(tx).get(world.thread.id, [IMAGE]) == {IMAGE: b"png"}
    with pytest.raises(Forbidden):
        async with database.tenant(alice) as tx:
            await Images(tx).keep(world.thread.id, "2" * 64, b"x")
