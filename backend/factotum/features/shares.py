"""Sharing a thread: links that its people make, see and revoke. Law: a token is stored as a hash only."""

import hashlib
import secrets
from typing import Annotated

from pydantic import AwareDatetime, Field

from factotum.core.clock import now
from factotum.core.errors import InvalidInput
from factotum.core.frozen import Frozen
from factotum.store.database import Database
from factotum.store.records import Caller, Share
from factotum.store.shares import Shares
from factotum.store.threads import Threads

_TOKEN_BYTES = 32


class ShareRequest(Frozen):
    """How long a link shall be good."""

    expires_at: Annotated[
        AwareDatetime | None, Field(description="When the link ends by itself. None: when it is revoked.")
    ] = None


class NewShare(Share):
    """A link that was just made. `token` (256 bits) is shown this once."""

    token: str


class ShareList(Frozen):
    """The links of a thread that are good now, newest first."""

    items: tuple[Share, ...]


class ShareService:
    """The links of the caller's threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, caller: Caller, thread_id: str, request: ShareRequest) -> NewShare:
        """Share a thread's path as it is now.

        Raises NotFound (`thread_not_found`), Forbidden, InvalidInput (`expiry_past`), Conflict
        (`nothing_to_share`, `shares_full`).
        """
        if request.expires_at is not None and request.expires_at <= now():
            raise InvalidInput(
                "The link would have expired already.", hint="Choose a later time.", code="expiry_past"
            )
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        async with self._database.tenant(caller) as tx:
            share = await Shares(tx).create(
                thread_id,
                created_by=caller.user_id,
                token_hash=hash_of(token),
                expires_at=request.expires_at,
            )
        return NewShare(**dict(share), token=token)

    async def list(self, caller: Caller, thread_id: str) -> ShareList:
        """Return the links that are good now. Raises NotFound (`thread_not_found`)."""
        async with self._database.tenant(caller) as tx:
            await Threads(tx).get(thread_id)
            return ShareList(items=tuple(await Shares(tx).list(thread_id)))

    async def revoke(self, caller: Caller, share_id: str) -> None:
        """End a link at once. Raises NotFound (`share_not_found`), Forbidden."""
        async with self._database.tenant(caller) as tx:
            await Shares(tx).revoke(share_id)


def hash_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
