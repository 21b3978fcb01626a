"""The one place where the parts are put together from the settings: for the API, the worker, or both."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from factotum.bus.redis import Redis
from factotum.bus.run_log import RunLog
from factotum.bus.signals import Signals
from factotum.bus.tail import LiveTail
from factotum.core.errors import SetupFault
from factotum.llm.catalogue import Catalogue, open_catalogue
from factotum.llm.demo import DemoGateway
from factotum.llm.endpoints import Endpoint, openai_compatible, scripted_endpoints
from factotum.llm.health import ModelHealth
from factotum.llm.router import Gateways
from factotum.runs.conversation import Conversation
from factotum.runs.follow import Follower
from factotum.runs.queue import ProcrastinateQueue, RunLimits, RunQueue
from factotum.runs.service import RunService
from factotum.sandbox.daytona.options import DEFAULT_API_URL, DaytonaOptions
from factotum.sandbox.daytona.provider import DaytonaSandboxProvider
from factotum.sandbox.local.previews.server import PreviewServer
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.port import SandboxProvider
from factotum.settings import Settings, environment
from factotum.store.database import Database

SCRIPTED_MODELS = ("openai/scripted", "anthropic/scripted")
"""What a scripted provider plays; the part before the stroke is the wire format."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where state is kept: the settings' own, or those of the embedded parts."""

    database_url: str
    redis_url: str


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
    model_health: ModelHealth = field(default_factory=ModelHealth)

    @property
    def conversation(self) -> Conversation:
        """What callers may do with threads whose runs go on or have ended."""
        return Conversation(self.database, self.runs, self.signals)


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


def make_sandboxes(settings: Settings) -> LocalSandboxProvider | DaytonaSandboxProvider:
    """Make the provider of sandboxes that the settings name; the caller closes it.

    Raises SetupFault (`daytona_key_missing`).
    """
    options = daytona_options(settings)
    if options is not None:
        return DaytonaSandboxProvider(options)
    return LocalSandboxProvider(settings.data_folder / "sandboxes", python_site=settings.sandbox_python)


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
async def open_services(settings: Settings, addresses: Addresses, name: str) -> AsyncGenerator[Services]:
    """Open what the service needs, and close it in the end. `name` is shown in the database's list.

    Raises SetupFault and Unavailable when the database is not ready. Redis may be away: runs go on.
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
        sandboxes = make_sandboxes(settings)
        stack.push_async_callback(sandboxes.aclose)
        health = ModelHealth()
        catalogue = await open_catalogue(
            environment(),
            model_base_url=settings.model_base_url,
            served=SCRIPTED_MODELS if settings.scripted_provider else (),
            preferred=settings.model,
            fallbacks=settings.fallback_models,
            resting=health.resting,
            context_window=settings.context_window,
        )
        queue = ProcrastinateQueue(RunLimits(settings.account_runs, settings.total_runs))
        signals = Signals(redis)
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
            runs=RunService(database, queue, run_log, signals, catalogue),
            follower=Follower(database, run_log, tail),
        )


@asynccontextmanager
async def serve_previews(services: Services) -> AsyncGenerator[None]:
    """Show what servers of local sandboxes answer, from the process in which they run.

    Raises SetupFault (`port_in_use`).
    """
    settings, sandboxes = services.settings, services.sandboxes
    if not isinstance(sandboxes, LocalSandboxProvider):
        yield
        return
    server = PreviewServer(sandboxes, settings.preview_address)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(server.serving(settings.host, settings.preview_port))
        except OSError as error:
            raise SetupFault(
                f"Previews cannot listen on {settings.host}:{settings.preview_port}: {error.strerror}.",
                hint="Choose another port with FACTOTUM_PREVIEW_PORT; 0 takes a free one.",
                code="port_in_use",
            ) from error
        yield


def make_gateway(services: Services) -> Gateways:
    """Make the way to the models, for a worker. LiteLLM is imported at the first call, or by its `warm`."""
    from factotum.llm.litellm_gateway import LiteLLMGateway  # noqa: PLC0415 - with httpx: not for the API

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
