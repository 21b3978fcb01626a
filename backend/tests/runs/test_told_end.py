"""A log that ended while the database lost the end: the row follows what clients were told, once for all."""

from typing import Any, cast

import pytest

from factotum.bus.entries import stream_key
from factotum.protocol.runs import Run
from tests.runs.played import calls, completes, says
from tests.runs.stage import Stage

_BACK = """
alter table factotum.runs disable trigger ended_runs_stay;
update factotum.runs set status = 'running', ended_at = null, owner = 'gone', lease_until = now(),
    log_seq = 2, usage = '{}', finish_reason = null, deliverables = '[]', error = null;
alter table factotum.runs enable trigger ended_runs_stay;
"""


_LOSE_LAST = """
update factotum.threads set leaf_id = null;
delete from factotum.messages where position = (select max(position) from factotum.messages);
"""


async def _ended(stage: Stage) -> Run:
    """Carry a run to its end, then do as if the database had lost that."""
    stage.gateway.turns = [calls(("look", {"key": "a"})), completes()]
    run = await stage.submit()
    ended = await stage.carry(run)
    await stage.sql(_BACK)
    return ended


async def test_a_run_that_finished_has_finished(stage: Stage) -> None:
    ended = await _ended(stage)
    again = await stage.carry(ended, "worker-c")
    assert (again.status, again.attempt) == ("finished", 2)
    assert (again.finish_reason, again.usage) == (ended.finish_reason, ended.usage)
    assert await stage.sweeper.sweep() == 0
    await stage.assert_whole(ended)


@pytest.mark.parametrize("begin", ["kept", "trimmed"])
async def test_one_whose_messages_are_lost_has_failed(stage: Stage, begin: str) -> None:
    ended = await _ended(stage)
    if begin == "kept":
        await stage.sql(_LOSE_LAST)
    else:
        await cast(Any, stage.bus.redis.client).xtrim(stream_key(ended.id), maxlen=1)
    again = await stage.carry(ended, "worker-c")
    assert (again.status, again.error and again.error.code) == ("failed", "run_state_lost")
    assert again.usage == ended.usage
    assert await stage.sweeper.sweep() == 0


async def test_one_whose_log_is_gone_but_for_its_end_has_failed(stage: Stage) -> None:
    ended = await _ended(stage)
    await stage.bus.redis.client.delete(stream_key(ended.id))
    again = await stage.carry(ended, "worker-c")
    assert (again.status, again.error and again.error.code) == ("failed", "run_state_lost")


async def test_a_failure_and_a_stop_stay_what_they_were(stage: Stage) -> None:
    stage.gateway.turns = [[LookupError("inside")]]
    failed = await stage.carry(await stage.submit())
    stopped = await stage.service.stop(stage.caller, (await stage.submit()).id)
    await stage.sql(_BACK)
    assert (await stage.carry(failed, "worker-c")).error == failed.error
    assert (await stage.carry(stopped, "worker-c")).status == "stopped"


async def test_the_next_of_the_thread_goes_on(stage: Stage) -> None:
    ended = await _ended(stage)
    following = await stage.submit(ended.thread_id)
    await stage.sql("delete from queue.procrastinate_jobs")
    await stage.carry(ended, "worker-c")
    assert await stage.jobs() == [following.id]
    stage.gateway.turns = [says("x"), says("x"), says("Hello.")]
    assert (await stage.carry(following)).status == "finished"


async def test_a_creator_without_rights_keeps_nothing_going(stage: Stage) -> None:
    ended = await _ended(stage)
    await stage.sql("update factotum.account_members set role = 'viewer'", triggers=False)
    again = await stage.carry(ended, "worker-c")
    assert (again.status, again.error and again.error.code) == ("failed", "run_state_lost")
    assert await stage.sweeper.sweep() == 0
