"""One row of everything in an account, for tests."""

from dataclasses import dataclass
from datetime import timedelta

from factotum.core.clock import now
from factotum.core.ids import new_id
from factotum.protocol.approvals import Approval
from factotum.protocol.messages import Message, TextPart
from factotum.protocol.network import NetworkConnection
from factotum.protocol.runs import Run
from factotum.store.agents import Agents
from factotum.store.approvals import Approvals
from factotum.store.database import Database
from factotum.store.images import Images
from factotum.store.invitations import Invitations
from factotum.store.keys import Keys
from factotum.store.leases import Leases
from factotum.store.messages import Messages
from factotum.store.network_log import NetworkLog
from factotum.store.projects import Projects
from factotum.store.records import Agent, Caller, Project, Thread, ToolCall
from factotum.store.runs import Runs
from factotum.store.secrets import Secrets
from factotum.store.shares import Shares
from factotum.store.threads import Threads
from factotum.store.tool_calls import ToolCalls

IMAGE = "0" * 64


@dataclass(frozen=True)
class World:
    """A project with a thread, a message, a run in its first attempt, a call that waits, and an agent."""

    caller: Caller
    account_id: str
    project: Project
    thread: Thread
    message: Message
    run: Run
    agent: Agent
    call: ToolCall
    approval: Approval

    async def assert_unchanged(self, database: Database) -> None:
        """Fail if anything of it is not as it was built."""
        async with database.tenant(self.caller) as tx:
            assert await Projects(tx).get(self.project.id) == self.project
            assert await Threads(tx).get(self.thread.id) == self.thread
            assert await Messages(tx).list(self.thread.id) == [self.message]
            assert await Runs(tx).list(self.thread.id) == [self.run]
            assert await Agents(tx).get(self.agent.id) == self.agent
            assert await ToolCalls(tx).for_run(self.run.id) == [self.call]
            assert await Approvals(tx).of_run(self.run.id) == [self.approval]
            assert await Images(tx).get(self.thread.id, [IMAGE]) == {IMAGE: b"png"}


async def build(database: Database, caller: Caller, account_id: str) -> World:
    """Make a world in an account of `caller`."""
    async with database.tenant(caller) as tx:
        agent = await Agents(tx).create(account_id, "Helper", settings={"a": 1})
        project = await Projects(tx).create(account_id, "Work")
        thread = await Threads(tx).create(project.id, title="Talk", agent_id=agent.id)
        message = await Messages(tx).append(thread.id, "user", [TextPart(text="hello")])
        run, _ = await Runs(tx).create(thread.id, created_by=caller.user_id, model="m", agent_id=agent.id)
    await claimed(database, run.id)
    async with database.tenant(caller) as tx:
        call = await ToolCalls(tx).open(
            run.id,
            1,
            call_id="call-1",
            message_id=new_id(),
            name="shell",
            arguments={"x": [1]},
            effect="unsafe",
        )
        approval = await Approvals(tx).request(
            run.id,
            call_id="call-1",
            tool="shell",
            arguments={"x": [1]},
            pattern="shell",
            expires_at=now() + timedelta(hours=1),
        )
        await Shares(tx).create(
            thread.id, created_by=caller.user_id, token_hash=new_id().replace("-", "") * 2, expires_at=None
        )
        await Keys(tx).create(
            account_id,
            "Program",
            user_id=caller.user_id,
            prefix="fct_",
            key_hash=new_id().replace("-", "") * 2,
            scope="write",
            expires_at=None,
        )
        await Invitations(tx, account_id).create(
            invited_by=caller.user_id,
            role="member",
            note=None,
            token_hash=new_id().replace("-", "") * 2,
            expires_at=now() + timedelta(days=1),
        )
        await NetworkLog(tx).add(run.id, [connection(run.id)])
        await Images(tx).keep(thread.id, IMAGE, b"png")
        await Secrets(tx, account_id).put("WORLD_KEY", ["example.com"], b"sealed" * 10)
        thread = await Threads(tx).get(thread.id)
        run = await Runs(tx).get(run.id)
    return World(caller, account_id, project, thread, message, run, agent, call, approval)


def connection(run_id: str, host: str = "example.com") -> NetworkConnection:
    """Return a connection that a run made."""
    return NetworkConnection(
        id=new_id(),
        run_id=run_id,
        at=now(),
        method="CONNECT",
        host=host,
        port=443,
        verdict="allowed",
        reason="",
        bytes_sent=10,
        bytes_received=2_000,
        seconds=0.5,
    )


async def claimed(database: Database, run_id: str, *, owner: str = "worker-1", seconds: float = 60) -> int:
    """Claim a run that is to be had, and return the attempt."""
    async with database.system() as tx:
        run = await Leases(tx).claim(run_id, owner, seconds)
    assert run is not None
    return run.attempt
