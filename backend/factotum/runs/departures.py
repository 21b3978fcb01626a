"""The work of somebody who may not work in an account any more: it is stopped, and stays where it is."""

import logging

from factotum.core.errors import Conflict, NotFound, Unavailable
from factotum.runs.service import RunService
from factotum.store.members import HandedOver
from factotum.store.records import Caller

_log = logging.getLogger(__name__)


async def stop_handed_over(runs: RunService, handed: HandedOver | None) -> None:
    """Stop runs that went over to an owner, in that owner's name, without waiting for their ends.

    One that a worker carries ends with its next attempt: at once when the worker hears of it, else with the
    next round of the sweeper.
    """
    if handed is None:
        return
    for run_id in handed.run_ids:
        try:
            await runs.stop(Caller(handed.heir), run_id, wait_seconds=0)
        except (Conflict, NotFound, Unavailable) as fault:
            # It was deleted meanwhile, or an owner must stop it by hand: the member is gone all the same.
            _log.warning("run %s of a member who left was not stopped: %s", run_id, fault.message)
