"""The images of a thread that its model is shown. Law: an image is named by the SHA-256 of its bytes."""

from collections.abc import Collection
from typing import Final

from factotum.store.tx import Tx

MOST_KEPT: Final = 200
"""Images of a thread that are kept; the newest."""


class Images:
    """Queries on images, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def keep(self, thread_id: str, image_id: str, data: bytes) -> None:
        """Store an image of a thread, once; the oldest go where there are too many."""
        await self._tx.one(
            """
insert into factotum.images (thread_id, id, account_id, data)
select id, %(image)s, account_id, %(data)s from factotum.threads where id = %(thread)s
on conflict (thread_id, id) do nothing returning id""",
            {"thread": thread_id, "image": image_id, "data": data},
        )
        await self._tx.all(
            """
delete from factotum.images where thread_id = %(thread)s and id in (
    select id from factotum.images where thread_id = %(thread)s
    order by created_at desc, id offset %(most)s
) returning id""",
            {"thread": thread_id, "most": MOST_KEPT},
        )

    async def get(self, thread_id: str, image_ids: Collection[str]) -> dict[str, bytes]:
        """Return the bytes of those of a thread's images that are kept."""
        rows = await self._tx.all(
            "select id, data from factotum.images where thread_id = %s and id = any (%s)",
            (thread_id, list(image_ids)),
        )
        return {str(row["id"]): bytes(row["data"]) for row in rows}
