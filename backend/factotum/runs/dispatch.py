"""Gives queued runs their jobs as there is room for them: what waits for room holds no worker and no job.

Whatever makes room or brings a run to the queue (a submission, an answer, an end, a wait, a stop) calls
`dispatch` as the last thing in its transaction. docs/decisions/0010-fairness.md tells why it is done so.
"""

from collections.abc import Sequence

from factotum.runs.queue import RunQueue
from factotum.store.dispatch import Dispatch
from factotum.store.tx import Tx

_MOST_AT_ONCE = 100
_ACCOUNTS = 200
_HASTENED = 500


async def dispatch(tx: Tx, queue: RunQueue, account_id: str) -> int:
    """Write the jobs of those of the account's runs that there is room for, and return how many.

    Where there is a limit for all accounts together, the room goes to the one that uses the least of it.
    Call it last: the transaction holds a lock from then on.
    """
    if queue.limits.total is not None:
        return await _dispatch_shared(tx, queue, queue.limits.total)
    async with tx.as_system():
        waiting = Dispatch(tx)
        await waiting.lock_account(account_id)
        taken = await waiting.taken(account_id)
        room = min(queue.limits.account - taken, _MOST_AT_ONCE)
        chosen = await waiting.take(account_id, room) if room > 0 else []
    await _enqueue(tx, queue, chosen, taken)
    return len(chosen)


async def parked_accounts(tx: Tx, queue: RunQueue) -> list[str]:
    """Return accounts with room for runs that have no job: something has ended without giving it to them."""
    return [each.account_id for each in await Dispatch(tx).parked(queue.limits.account, _ACCOUNTS)]


async def hasten(tx: Tx, queue: RunQueue) -> None:
    """Let jobs that wait grow in priority, so that others' first runs do not keep them back for ever."""
    async with tx.as_login() as connection:
        await queue.hasten(connection, _HASTENED)


async def _dispatch_shared(tx: Tx, queue: RunQueue, total: int) -> int:
    found = 0
    async with tx.as_system():
        await Dispatch(tx).lock_all()
        room = min(total - await Dispatch(tx).taken(), _MOST_AT_ONCE)
    while found < room:
        async with tx.as_system():
            accounts = await Dispatch(tx).parked(queue.limits.account, 1)
            chosen = await Dispatch(tx).take(accounts[0].account_id, 1) if accounts else []
        if not chosen:
            break
        await _enqueue(tx, queue, chosen, accounts[0].taken)
        found += 1
    return found


async def _enqueue(tx: Tx, queue: RunQueue, run_ids: Sequence[str], taken: int) -> None:
    if not run_ids:
        return
    async with tx.as_login() as connection:
        for ahead, run_id in enumerate(run_ids, taken):
            await queue.enqueue(connection, run_id, ahead=ahead)
