"""Stop means stopped: the model and the tools have ended, what was said is kept, and the thread goes on."""

import asyncio
from pathlib import Path

from factotum.protocol.events import RunFinished, RunStopped
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.runs import Run
from factotum.runs.live import LiveRuns
from factotum.sandbox.local.provider import LocalSandboxProvider
from tests.needs import needs_sandbox
from tests.runs.played import Gate, asks, calls, completes, says
from tests.runs.stage import Stage
from tests.waiting import until


async def stop(stage: Stage, live: LiveRuns, run: Run) -> Run:
    """Stop a run as an API call and the signal to its worker do together."""
    stopping = asyncio.create_task(stage.service.stop(stage.caller, run.id))

    async def is_wanted() -> bool:
        return bool((await stage.row(run))["stop_requested"])

    await until(is_wanted)
    found = live.get(run.id)
    if found is not None:
        found.cancel("stop")
    return await stopping


async def told(stage: Stage, run: Run) -> tuple[str, ...]:
    """The names of the calls that the end says were not executed."""
    last = (await stage.events(run))[-1]
    assert isinstance(last, RunStopped)
    return last.not_executed


async def test_in_the_model_s_stream_the_partial_text_is_kept(stage: Stage) -> None:
    live, gate = LiveRuns(), Gate()
    stage.gateway.turns = [says("A long answer.", gate), says("Again.")]
    run = await stage.submit()
    stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    assert (await stop(stage, live, run)).status == "stopped"
    assert gate.cancelled == 1
    assert (await stage.messages(run))[-1].text == "A long "
    assert await told(stage, run) == ()
    await stage.assert_whole(run)
    again = await stage.submit(run.thread_id, "Go on.")
    assert (await stage.carry(again)).status == "finished"
    texts = [message["content"] for message in stage.gateway.requests[-1].messages[1:]]
    assert texts == ["Do it.", "A long ", "Go on."]


async def test_before_the_model_said_anything_nothing_is_kept(stage: Stage) -> None:
    live, gate = LiveRuns(), Gate()
    stage.gateway.turns = [[gate, *says("x")]]
    run = await stage.submit()
    stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    assert (await stop(stage, live, run)).status == "stopped"
    assert len(await stage.messages(run)) == 1
    await stage.assert_whole(run)


async def test_in_a_tool_it_says_what_was_not_executed(stage: Stage) -> None:
    live = LiveRuns()
    gate = stage.acts.gates["b"] = Gate()
    keys = ("a", "b", "c", "d")
    stage.gateway.turns = [calls(*[("act", {"key": key}) for key in keys]), says("Well.")]
    run = await stage.submit()
    stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    assert (await stop(stage, live, run)).status == "stopped"
    assert gate.cancelled == 1
    assert [stage.acts.count(key) for key in keys] == [1, 1, 0, 0]
    assert await told(stage, run) == ("act", "act")
    results = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    assert [result.outcome for result in results] == ["ok", "unknown", "stopped", "stopped"]
    await stage.assert_whole(run)
    again = await stage.submit(run.thread_id)
    assert (await stage.carry(again)).status == "finished"


async def test_a_command_s_processes_have_ended(stage: Stage, tmp_path: Path) -> None:
    live = LiveRuns()
    sandboxes = LocalSandboxProvider(tmp_path / "sandboxes")
    await needs_sandbox(sandboxes)
    stage.sandboxes = sandboxes  # pyright: ignore[reportAttributeAccessIssue] - any provider does
    marker = "8643.25"
    stage.gateway.turns = [calls(("shell", {"command": f"echo up; sleep {marker} & sleep {marker}"}))]
    run = await stage.submit()
    stage.start(run, stage.executor(live=live))

    async def is_up() -> bool:
        return "tool.output.delta" in await stage.types(run, deltas=True)

    await until(is_up, 30)
    assert await asyncio.to_thread(_sleeping, marker) >= 1
    assert (await stop(stage, live, run)).status == "stopped"
    assert await asyncio.to_thread(_sleeping, marker) == 0
    await stage.assert_whole(run)
    sandboxes.close()


def _sleeping(marker: str) -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        found += words[:2] == [b"sleep", marker.encode()]
    return found


async def test_twice_is_once(stage: Stage) -> None:
    live = LiveRuns()
    gate = stage.acts.gates["a"] = Gate()
    stage.gateway.turns = [calls(("act", {"key": "a"}))]
    run = await stage.submit()
    stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    async with asyncio.TaskGroup() as group:
        stops = [group.create_task(stop(stage, live, run)) for _ in range(3)]
    assert {task.result().status for task in stops} == {"stopped"}
    assert gate.cancelled == 1
    await stage.assert_whole(run)
    assert (await stage.types(run)).count("run.stopped") == 1


async def test_a_second_cancellation_does_not_cut_the_clean_up_short(stage: Stage) -> None:
    live, cleaning, cleaned = LiveRuns(), asyncio.Event(), asyncio.Event()

    class Slow(Gate):
        async def wait(self) -> None:
            try:
                await super().wait()
            finally:
                cleaning.set()
                await asyncio.sleep(0.2)
                cleaned.set()

    gate = stage.acts.gates["a"] = Slow()
    stage.gateway.turns = [calls(("act", {"key": "a"}))]
    run = await stage.submit()
    task = stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    found = live.get(run.id)
    assert found is not None
    found.cancel("stop")
    await cleaning.wait()
    found.cancel("stop")
    await task
    assert cleaned.is_set()
    assert (await stage.get(run)).status == "stopped"


async def test_at_the_moment_of_the_end_the_end_counts(stage: Stage) -> None:
    live, gate = LiveRuns(), Gate()
    stage.gateway.turns = [[*says("Hello."), gate]]
    run = await stage.submit()
    stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    await stage.sql("update factotum.runs set status = 'stopping', stop_requested = true")
    gate.released.set()
    ended = await stage.service.stop(stage.caller, run.id)
    assert ended.status == "finished"
    assert isinstance((await stage.events(run))[-1], RunFinished)


async def test_when_it_was_about_to_ask_it_stops(stage: Stage) -> None:
    live, gate = LiveRuns(), Gate()
    stage.gateway.turns = [[*asks(), gate], completes()]
    run = await stage.submit()
    stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    await stage.sql("update factotum.runs set status = 'stopping', stop_requested = true")
    gate.released.set()
    assert (await stage.service.stop(stage.caller, run.id)).status == "stopped"
    assert await told(stage, run) == ()
    await stage.assert_whole(run)


async def test_the_next_run_goes_as_soon_as_one_stopped(stage: Stage) -> None:
    live, gate = LiveRuns(), Gate()
    stage.gateway.turns = [says("x", gate)]
    thread = await stage.thread()
    run, second = await stage.submit(thread), await stage.submit(thread)
    await stage.sql("delete from queue.procrastinate_jobs")
    stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    await stop(stage, live, run)
    assert await stage.jobs() == [second.id]


async def test_what_was_cancelled_by_a_stop_and_lost_meanwhile_is_not_touched(stage: Stage) -> None:
    live, gate = LiveRuns(), Gate()
    stage.gateway.turns = [says("A long answer.", gate)]
    run = await stage.submit()
    task = stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    found = live.get(run.id)
    assert found is not None
    found.cancel("stop")
    found.cancel("lost")
    found.cancel("drain")
    assert found.reason == "lost"
    before = await stage.dump()
    await task
    assert await stage.dump() == before
