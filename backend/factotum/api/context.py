"""What the routes work with: the opened services, and a room of each feature over them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import factotum
from factotum.bus.visits import Visits
from factotum.features.accounts import AccountService
from factotum.features.acting import ActingService
from factotum.features.agents import AgentService
from factotum.features.approvals import PermissionService
from factotum.features.branches import BranchService
from factotum.features.circuits import CircuitService
from factotum.features.deployments import DeploymentService
from factotum.features.files import FileService
from factotum.features.health import HealthService
from factotum.features.invitations import InvitationService
from factotum.features.keys import KeyService
from factotum.features.members import MemberService
from factotum.features.metrics import MetricsService
from factotum.features.models import ModelService
from factotum.features.networks import NetworkService
from factotum.features.projects import ProjectService
from factotum.features.secrets import SecretService
from factotum.features.sessions import SessionService
from factotum.features.shared import SharedService
from factotum.features.shares import ShareService
from factotum.features.snapshots import SnapshotService
from factotum.features.stuck import StuckService
from factotum.features.threads import ThreadService
from factotum.features.tools import ToolService
from factotum.features.usage import UsageService
from factotum.runs.approvals import ApprovalService
from factotum.runs.hand_over import LEASE_SECONDS, HandOver
from factotum.runs.person_network import PersonNetwork
from factotum.services import Services

if TYPE_CHECKING:
    from factotum.api.auth import Authenticator
    from factotum.api.codes import CodeBook


_INPUTS_A_MINUTE = 1_500
"""How often a person who has a browser may send what they did, or one who looks on may look."""
_TRIES_A_MINUTE = 30
"""How often somebody at one address may look at invitations or accept them."""


@dataclass(frozen=True, slots=True)
class ApiContext:
    """All that a route may use. `codes` is None where no one-time codes are given out."""

    services: Services
    authenticator: "Authenticator"
    codes: "CodeBook | None"
    accounts: AccountService
    acting: ActingService
    agents: AgentService
    approvals: ApprovalService
    branches: BranchService
    circuits: CircuitService
    deployments: DeploymentService
    files: FileService
    hand_over: HandOver
    health: HealthService
    invitations: InvitationService
    keys: KeyService
    members: MemberService
    metrics: MetricsService
    models: ModelService
    networks: NetworkService
    permissions: PermissionService
    projects: ProjectService
    secrets: SecretService
    sessions: SessionService
    snapshots: SnapshotService
    shared: SharedService
    shares: ShareService
    stuck: StuckService
    threads: ThreadService
    tools: ToolService
    usage: UsageService


class _People(NamedTuple):
    """The rooms that know who calls, and who belongs where."""

    acting: ActingService
    invitations: InvitationService
    keys: KeyService
    members: MemberService
    sessions: SessionService


def _people(services: Services, *, makes_people: bool) -> _People:
    database = services.database
    acting, keys, sessions = ActingService(database), KeyService(database), SessionService(database)
    tries = Visits(services.redis, most=_TRIES_A_MINUTE, strict=True)
    invitations = InvitationService(database, tries, makes_people=makes_people)
    return _People(acting, invitations, keys, MemberService(database, keys, sessions, acting), sessions)


def _approvals(services: Services) -> ApprovalService:
    return ApprovalService(
        services.database, services.queue, services.run_log, services.signals, services.tools.registry
    )


def _hand_over(services: Services, ways: PersonNetwork) -> HandOver:
    return HandOver(
        services.database,
        services.sandboxes,
        services.runs,
        services.frames,
        Visits(services.redis, most=_INPUTS_A_MINUTE),
        ways,
        services.settings.network,
        services.reaches_sandboxes,
    )


@asynccontextmanager
async def open_context(
    services: Services,
    authenticator: "Authenticator",
    codes: "CodeBook | None" = None,
    *,
    makes_people: bool = True,
) -> AsyncGenerator[ApiContext]:
    """Make the rooms over opened services, and end what they still do.

    `makes_people` False: `authenticator` signs everybody in, also those who were invited.
    """
    settings = services.settings
    health = HealthService(services.database, services.redis, services.sandboxes)
    people = _people(services, makes_people=makes_people)
    ways = PersonNetwork(services.database, services.egress, seconds=LEASE_SECONDS)
    try:
        yield ApiContext(
            services=services,
            authenticator=authenticator,
            codes=codes,
            accounts=AccountService(
                services.database,
                version=factotum.__version__,
                env_mode=settings.env_mode,
                network=settings.network,
            ),
            acting=people.acting,
            agents=AgentService(services.database, services.catalogue),
            approvals=_approvals(services),
            branches=BranchService(services.database),
            circuits=CircuitService(
                services.circuits, services.run_log.circuits, services.signals, services.process
            ),
            deployments=services.deployments,
            files=FileService(services.database, services.sandboxes, upload_limit=settings.upload_limit),
            hand_over=_hand_over(services, ways),
            health=health,
            invitations=people.invitations,
            keys=people.keys,
            members=people.members,
            metrics=MetricsService(services.database, services.run_log.counters),
            models=ModelService(services.catalogue),
            networks=NetworkService(services.database),
            permissions=PermissionService(services.database),
            projects=ProjectService(services.database, services.sandboxes),
            secrets=SecretService(services.database, services.secret_box),
            sessions=people.sessions,
            snapshots=SnapshotService(services.database, services.sandboxes),
            shared=SharedService(services.database, services.sandboxes, Visits(services.redis)),
            shares=ShareService(services.database),
            stuck=StuckService(services.database),
            threads=ThreadService(services.database),
            tools=ToolService(services.database, services.tools, settings.policy),
            usage=UsageService(services.database),
        )
    finally:
        await ways.aclose()
        await health.aclose()


def context_of(app: Any) -> ApiContext:
    """Return the context that the application's start put into its state."""
    return cast(ApiContext, app.state.context)
