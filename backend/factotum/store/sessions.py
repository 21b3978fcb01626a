"""Sessions: how people whom we sign in ourselves are known, each by the hash of a token."""

from factotum.core.frozen import Frozen
from factotum.core.ids import new_id
from factotum.store.tx import Tx


class FoundSession(Frozen):
    """Whose a session is. `unmarked`: that it is used should be noted."""

    id: str
    user_id: str
    unmarked: bool


class SessionRegister:
    """Sessions by their hash, in a system transaction: there is no caller yet."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def open(self, user_id: str, token_hash: str) -> None:
        """Store a new one. `token_hash`: SHA-256 in hexadecimal."""
        await self._tx.run("select factotum.open_session(%s, %s, %s)", (new_id(), user_id, token_hash))

    async def find(self, token_hash: str) -> FoundSession | None:
        """Return the session; None for one that ended: unused for 90 days, or its person in no account."""
        row = await self._tx.one("select * from factotum.session_of(%s)", (token_hash,))
        return None if row is None else FoundSession.model_validate(row)

    async def mark(self, session_id: str) -> None:
        """Note that it is used now."""
        await self._tx.run("select factotum.mark_session(%s)", (session_id,))

    async def end(self, token_hash: str) -> None:
        """Forget it; one that is not there is forgotten already."""
        await self._tx.run("select factotum.end_session(%s)", (token_hash,))
