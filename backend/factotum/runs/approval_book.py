"""What an attempt knows of approvals, and how what it asks for is stored."""

from collections.abc import Sequence

from factotum.agent.approvals import Standing
from factotum.agent.outcome import ApprovalRequest
from factotum.protocol.approvals import Approval
from factotum.store.approvals import Approvals
from factotum.store.database import Database
from factotum.store.records import ClaimedRun
from factotum.store.tx import Tx


class PostgresApprovalBook:
    """Implements agent.approvals.ApprovalBook for one run."""

    def __init__(self, database: Database, run: ClaimedRun) -> None:
        self._database = database
        self._run = run

    async def standing(self) -> Standing:
        """Read what was decided for the run and its thread."""
        async with self._database.tenant(self._run.caller) as tx:
            approvals = await Approvals(tx).of_run(self._run.id)
            lifted = await Approvals(tx).lifted(self._run.thread_id)
        by_call = {approval.call_id: approval for approval in approvals}
        return Standing(by_call, frozenset(permission.pattern for permission in lifted))


async def store_requests(tx: Tx, run_id: str, requests: Sequence[ApprovalRequest]) -> list[Approval]:
    """Store what a run asks for, in the transaction that lets it wait."""
    approvals = Approvals(tx)
    return [
        await approvals.request(
            run_id,
            call_id=request.call.call_id,
            tool=request.call.name,
            arguments=request.call.arguments,
            pattern=request.pattern,
            expires_at=request.expires_at,
        )
        for request in requests
    ]
