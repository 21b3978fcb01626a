"""Where runs stand, as far as the clients that follow them must know: many in one query."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from factotum.protocol.runs import ENDED
from factotum.store.tx import Tx


class Standing(NamedTuple):
    """Whether a run has ended, and the last number of its log that Postgres knows of."""

    ended: bool
    log_seq: int


async def standing(tx: Tx, run_ids: Sequence[str]) -> Mapping[str, Standing]:
    """Read it of those of the runs that the caller may see, by id."""
    rows = await tx.all(
        "select id::text, status, log_seq from factotum.runs where id = any(%s::uuid[])", (list(run_ids),)
    )
    return {row["id"]: Standing(row["status"] in ENDED, int(row["log_seq"])) for row in rows}
