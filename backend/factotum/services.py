"""The one place where the parts are put together from the settings: for the API, the worker, or both."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from factotum.bus.frames import Frames
from factotum.bus.redis import Redis
from factotum.bus.run_log import RunLog
from factotum.bus.signals import Signals
from factotum.bus.tail import LiveTail
from factotum.clients.cloudflare import CloudflarePages
from factotum.clients.fetch import WebReader
from factotum.clients.service import CallRecord, OnCall, Outbound
from factotum.core.addresses import Guard
from factotum.core.circuits import Circuits
from factotum.core.errors import SetupFault
from factotum.core.ids import new_id
from factotum.features.deployments import DeploymentService, PostgresDeploymentBook
from factotum.features.metrics import OUTBOUND
from factotum.features.secret_box import SecretBox
from factotum.llm.catalogue import Catalogue, open_catalogue
from factotum.llm.demo import DemoGateway
from factotum.llm.endpoints import Endpoint, openai_compatible, scripted_endpoints
from factotum.llm.health import ModelHealth
from factotum.llm.router import Gateways
from factotum.runs.conversation import Conversation
from factotum.runs.follow import Follower
from factotum.runs.queue import ProcrastinateQueue, RunLimits, RunQueue
from factotum.runs.service import RunService
from factotum.sandbox.browser.readiness import refusal
from factotum.sandbox.daytona.options import DEFAULT_API_URL, DaytonaOptions
from factotum.sandbox.daytona.provider import DaytonaSandboxProvider
from factotum.sandbox.egress.places import place_for_proxy
from factotum.sandbox.egress.proxy import EgressProxy
from factotum.sandbox.local.previews import opening as previews
from factotum.sandbox.local.previews.opening import PreviewPlace
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.port import SandboxProvider
from factotum.sandbox.sites.shelf import Shelf
from factotum.settings import Settings, environment
from factotum.store.database import Database
from factotum.tools.builtin import browser_family, builtin_catalogue
from factotum.tools.builtin.deploy import make_deploy
from factotum.tools.builtin.publishing import CloudflarePublisher, LocalPublisher, Publisher
from factotum.tools.builtin.web_families import WebKeys, web_families
from factotum.tools.catalogue import Family, Missing, ToolCatalogue

SCRIPTED_MODELS = ("openai/scripted", "anthropic/scripted")
"""What a scripted provider plays; the part before the stroke is the wire format."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where state is kept: the settings' own, or those of the embedded parts."""

    database_url: str
    redis_url: str


def _process_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{new_id()[-8:]}"


@dataclass(frozen=True, slots=True)
class Services:
    """What the API and the worker share, open and ready."""

    settings: Settings
    addresses: Addresses
    database: Database
    redis: Redis
    run_log: RunLog
    tail: LiveTail
    signals: Signals
    queue: RunQueue
    catalogue: Catalogue
    sandboxes: SandboxProvider
    runs: RunService
    follower: Follower
    shelf: Shelf
    """The sites that are deployed on this machine."""
    deployments: DeploymentService
    model_health: ModelHealth = field(default_factory=ModelHealth)
    tools: ToolCatalogue = field(default_factory=builtin_catalogue)
    outbound: Outbound = field(default_factory=Outbound)
    egress: EgressProxy | None = None
    """The way out of sandboxes, where the settings allow one at all."""
    secret_box: SecretBox | None = None
    """What seals and opens secrets of accounts, where there is a key."""
    web_reader: WebReader = field(default_factory=lambda: WebReader(Guard()))
    carries_runs: bool = True
    """Whether this process may carry runs: a worker's, or one that is API and worker together."""
    process: str = field(default_factory=_process_name)
    """What others know this process by."""

    @property
    def frames(self) -> Frames:
        """What the browsers of runs look like."""
        return Frames(self.redis)

    @property
    def reaches_sandboxes(self) -> bool:
        """Whether what runs in sandboxes can be asked from here; local ones are their worker's children."""
        return self.carries_runs or not isinstance(self.sandboxes, LocalSandboxProvider)

    @property
    def conversation(self) -> Conversation:
        """What callers may do with threads whose runs go on or have ended."""
        return Conversation(self.database, self.runs, self.signals)

    @property
    def circuits(self) -> Circuits:
        """The breakers of this process."""
        return Circuits(
            {
                "model": self.model_health.breakers,
                "service": self.outbound.breakers,
                "web": self.web_reader.breakers,
            }
        )


def addresses_of(settings: Settings) -> Addresses:
    """Return the addresses in the settings. Raises SetupFault (`address_missing`) when one is not set."""
    if settings.database_url is None or settings.redis_url is None:
        raise SetupFault(
            "DATABASE_URL and REDIS_URL must be set for this command.",
            hint="Set both, or use `factotum serve`, which brings an embedded Postgres and Valkey.",
            code="address_missing",
        )
    return Addresses(settings.database_url.get_secret_value(), settings.redis_url.get_secret_value())


def make_database(
    settings: Settings, addresses: Addresses, name: str, pool_size: int | None = None
) -> Database:
    """Make a pool for one event loop; the caller opens and closes it."""
    return Database(
        addresses.database_url,
        pool_size=pool_size or settings.database_pool_size,
        pooler=settings.database_pooler,
        application_name=name,
    )


def make_publisher(settings: Settings, outbound: Outbound, shelf: Shelf) -> Publisher:
    """Return what `deploy` publishes with: Cloudflare Pages where it is set up, else this machine."""
    token, account = settings.cloudflare_api_token, settings.cloudflare_account_id
    if token is None or account is None:
        return LocalPublisher(shelf)
    return CloudflarePublisher(CloudflarePages(outbound, token, account))


@dataclass(frozen=True, slots=True)
class Deploying:
    """The parts of `deploy`: the sites of this machine, what is known of all, the tool or what it lacks."""

    shelf: Shelf
    service: DeploymentService
    family: Family


def make_deploying(
    settings: Settings, database: Database, outbound: Outbound, *, previews_shown: bool
) -> Deploying:
    """Put the parts together. Without Cloudflare the tool needs previews, which show what it deploys."""
    shelf = Shelf(settings.data_folder / "deployments")
    publisher = make_publisher(settings, outbound, shelf)
    publishers: dict[str, Publisher] = {"local": LocalPublisher(shelf), publisher.target: publisher}
    missing = Missing(
        "Nothing shows here what would be deployed.",
        "CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID, or FACTOTUM_PREVIEW_PORT",
    )
    can = publisher.target != "local" or previews_shown or settings.preview_port
    tool = make_deploy(publisher, PostgresDeploymentBook(database), shelf)
    return Deploying(
        shelf,
        DeploymentService(database, publishers.values(), shelf),
        Family((tool,), None if can else missing),
    )


def make_sandboxes(
    settings: Settings, egress: EgressProxy | None = None
) -> LocalSandboxProvider | DaytonaSandboxProvider:
    """Make the provider of sandboxes that the settings name; the caller closes it.

    `egress` is the way out of local ones. Raises SetupFault (`daytona_key_missing`).
    """
    options = daytona_options(settings)
    if options is not None:
        return DaytonaSandboxProvider(options)
    return LocalSandboxProvider(
        settings.data_folder / "sandboxes",
        python_site=settings.sandbox_python,
        egress=egress and egress.folder,
    )


def daytona_options(settings: Settings) -> DaytonaOptions | None:
    """Return how to use Daytona, or None where sandboxes are local."""
    key = settings.daytona_api_key
    if settings.sandbox == "local" or (settings.sandbox == "auto" and key is None):
        return None
    if key is None:
        raise SetupFault(
            "FACTOTUM_SANDBOX is daytona, and DAYTONA_API_KEY is not set.",
            hint="Set the key, or FACTOTUM_SANDBOX=local.",
            code="daytona_key_missing",
        )
    return DaytonaOptions(
        api_key=key.get_secret_value(),
        api_url=settings.daytona_api_url or DEFAULT_API_URL,
        target=settings.daytona_target,
        environment=settings.env_mode,
        snapshot=settings.daytona_snapshot,
        image=settings.daytona_image if settings.daytona_snapshot is None else None,
        cpu=settings.daytona_cpu,
        memory_gib=settings.daytona_memory_gib,
        disk_gib=settings.daytona_disk_gib,
        auto_stop_minutes=settings.daytona_auto_stop,
        auto_archive_minutes=settings.daytona_auto_archive,
        auto_delete_minutes=settings.daytona_auto_delete,
        network_allow=settings.daytona_network_allow,
        domain_allow=settings.daytona_domain_allow,
        warm=settings.daytona_warm,
    )


@asynccontextmanager
async def open_services(
    settings: Settings, addresses: Addresses, name: str, *, previews_shown: bool = False
) -> AsyncGenerator[Services]:
    """Open what the service needs, and close it in the end. `name` is shown in the database's list.

    `previews_shown`: also where no port is set for them. Raises SetupFault and Unavailable when the database
    is not ready. Redis may be away: runs go on.
    """
    async with AsyncExitStack() as stack:
        database = make_database(settings, addresses, name)
        stack.push_async_callback(database.close)
        await database.open()
        redis = Redis(addresses.redis_url)
        stack.push_async_callback(redis.aclose)
        run_log = RunLog(redis)
        stack.push_async_callback(run_log.aclose)
        tail = LiveTail(redis, run_log)
        stack.push_async_callback(tail.aclose)
        egress = await _open_egress(settings, stack)
        sandboxes = make_sandboxes(settings, egress)
        stack.push_async_callback(sandboxes.aclose)
        outbound, web_reader, health = Outbound(on_call=_counting(run_log)), WebReader(Guard()), ModelHealth()
        stack.push_async_callback(outbound.aclose)
        catalogue = await open_catalogue(
            environment(),
            model_base_url=settings.model_base_url,
            served=SCRIPTED_MODELS if settings.scripted_provider else (),
            preferred=settings.model,
            fallbacks=settings.fallback_models,
            resting=health.resting,
            context_window=settings.context_window,
        )
        deploying = make_deploying(settings, database, outbound, previews_shown=previews_shown)
        queue, signals = _queue(settings), Signals(redis)
        yield Services(
            settings=settings,
            addresses=addresses,
            database=database,
            redis=redis,
            run_log=run_log,
            tail=tail,
            signals=signals,
            queue=queue,
            catalogue=catalogue,
            model_health=health,
            sandboxes=sandboxes,
            outbound=outbound,
            egress=egress,
            secret_box=SecretBox(settings.secrets_key.get_secret_value()) if settings.secrets_key else None,
            web_reader=web_reader,
            tools=builtin_catalogue(
                browser_family(await asyncio.to_thread(refusal, settings.sandbox_python)),
                *web_families(web_keys(settings), outbound, web_reader),
                deploying.family,
            ),
            shelf=deploying.shelf,
            deployments=deploying.service,
            runs=RunService(database, queue, run_log, signals, catalogue),
            follower=Follower(database, run_log, tail),
        )


def _queue(settings: Settings) -> ProcrastinateQueue:
    return ProcrastinateQueue(RunLimits(settings.account_runs, settings.total_runs))


async def _open_egress(settings: Settings, stack: AsyncExitStack) -> EgressProxy | None:
    if settings.network.mode == "off" or daytona_options(settings) is not None:
        return None
    proxy = EgressProxy(await asyncio.to_thread(place_for_proxy, settings.data_folder / "sandboxes"))
    await proxy.start()
    stack.push_async_callback(proxy.aclose)
    return proxy


def _counting(run_log: RunLog) -> OnCall:
    async def count(call: CallRecord) -> None:
        await run_log.counters.add(f"{OUTBOUND}{call.service}:{call.outcome}")

    return count


def web_keys(settings: Settings) -> WebKeys:
    """Return what is set for the tools that go to the web."""
    return WebKeys(
        tavily=settings.tavily_api_key,
        exa=settings.exa_api_key,
        searxng_url=settings.searxng_url,
        rapidapi=settings.rapidapi_key,
    )


@asynccontextmanager
async def serve_previews(services: Services, *, shared: bool = False) -> AsyncGenerator[None]:
    """Show deployed sites, and what servers of local sandboxes answer, in whichever process they run.

    `shared`: several processes listen on the port, and only where it is set: 0 would be another for each.
    Raises SetupFault (`port_in_use`).
    """
    settings, sandboxes = services.settings, services.sandboxes
    if shared and not settings.preview_port:
        yield
        return
    local = sandboxes if isinstance(sandboxes, LocalSandboxProvider) else None
    place = PreviewPlace(
        settings.data_folder / "previews",
        settings.host,
        settings.preview_port,
        settings.preview_address,
        shared,
    )
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(previews.serve(local, place, services.shelf))
        except OSError as error:
            raise SetupFault(
                f"Previews cannot listen on {settings.host}:{settings.preview_port}: {error.strerror}.",
                hint="Choose another port with FACTOTUM_PREVIEW_PORT; 0 takes a free one.",
                code="port_in_use",
            ) from error
        yield


def make_gateway(services: Services) -> Gateways:
    """Make the way to the models, for a worker. LiteLLM is imported at the first call, or by its `warm`."""
    from factotum.llm.litellm_gateway import LiteLLMGateway

    endpoints: dict[str, Endpoint] = {}
    if services.settings.scripted_provider:
        endpoints.update(scripted_endpoints(services.settings.scripted_provider))
    local = services.catalogue.local
    if local is not None:
        endpoints["local"] = openai_compatible(local.base_url)
    providers = LiteLLMGateway(
        endpoints,
        further=further_endpoints(services.settings),
        breakers=services.model_health.breakers,
        cooldowns=services.model_health.cooldowns,
        windows=services.catalogue.context_window,
    )
    return Gateways(providers, DemoGateway())


def further_endpoints(settings: Settings) -> dict[str, list[Endpoint]]:
    """Return the further keys by provider or model. Raises SetupFault (`key_missing`) for an empty one."""
    found: dict[str, list[Endpoint]] = {}
    known = environment()
    for name, ways in settings.further_keys.items():
        for way in ways:
            key = known.get(way.key, "").strip()
            if not key:
                raise SetupFault(
                    f"FACTOTUM_FURTHER_KEYS names {way.key}, which is not set.",
                    hint=f"Set {way.key} in the environment, or take it out of FACTOTUM_FURTHER_KEYS.",
                    code="key_missing",
                )
            found.setdefault(name, []).append(Endpoint(way.base_url, key))
    return found
