"""Every setting, in one class; read by the composition roots and nowhere else."""

import json
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from dotenv import find_dotenv, load_dotenv
from pydantic import BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from factotum.protocol.network import Network, parse_network
from factotum.protocol.policy import Rules


def default_data_folder() -> Path:
    """Return where a laptop keeps its data: a system folder for root, whose Postgres runs as another user."""
    if os.geteuid() == 0:
        return Path("/var/lib/factotum")
    base = os.environ.get("XDG_DATA_HOME")
    return Path(base or Path.home() / ".local/share") / "factotum"


def default_sandbox_python() -> Path | None:
    """Return the environment that setting up has made beside the service's own, if it has."""
    beside = Path(sys.prefix).with_name(".venv-sandbox")
    return beside if beside.is_dir() else None


def _from_json(value: object) -> object:
    """Read a setting that is written as JSON. What is wrong with it is then said of its own fields."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from None


def _network(value: object) -> object:
    """Read `off`, `open` or a list of hosts."""
    return parse_network(value) if isinstance(value, str) else value


class FurtherKey(BaseModel):
    """One more way to a provider. `key` names the variable of the environment that holds the key."""

    key: str
    base_url: str | None = None


class Settings(BaseSettings):
    """Read from the environment. Times are seconds, sizes bytes."""

    model_config = SettingsConfigDict(
        env_prefix="FACTOTUM_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    env_mode: Literal["local", "staging", "production"] = Field(default="local", validation_alias="ENV_MODE")
    data_folder: Path = Field(default_factory=default_data_folder)
    host: str = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65535)
    api_token: SecretStr | None = None
    """The bearer token of the local account. Embedded mode makes one itself; elsewhere it must be set."""

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """Where the service signs in. None: the embedded Postgres."""
    migration_database_url: SecretStr | None = Field(default=None, validation_alias="MIGRATION_DATABASE_URL")
    """An owner's address, for `factotum migrate` only. None: DATABASE_URL."""
    database_pooler: bool = False
    """True behind a transaction pooler (Supabase's port 6543): no prepared statements, no LISTEN."""
    database_pool_size: int = Field(default=10, ge=2, le=200)
    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL")
    """None: the embedded Valkey."""

    model: str | None = None
    """The model of runs that name none. None: the best that is found."""
    fallback_models: tuple[str, ...] = Field(default=(), max_length=5)
    """The models of runs whose own cannot be used, in order; a JSON list."""
    further_keys: dict[str, tuple[FurtherKey, ...]] = Field(default_factory=dict)
    """More keys, or addresses, of a provider or of one model, beside the provider's own; JSON."""
    titles: Literal["model", "words", "off"] = "model"
    """How threads without a title get one: by a model, by the first words of their task, or not."""
    title_model: str | None = None
    """The model that gives threads their titles. None: the run's own, and no model for the demo."""
    model_base_url: str | None = None
    """An OpenAI-compatible server to use for models named `local/…`; None looks at the usual ports."""
    context_window: int | None = Field(default=None, ge=4096)
    """Tokens that a model reads at once, for models of which nobody says. None: 128,000, or 8,192 on a local
    server."""
    scripted_provider: str | None = None
    """A loopback address: every `openai/…` and `anthropic/…` model is played by a scripted provider there."""
    first_token_deadline: float = Field(default=90, gt=0)
    between_tokens_deadline: float = Field(default=45, gt=0)

    workers: int = Field(default=10, ge=1, le=500)
    """How many runs one worker process carries at once."""
    account_runs: int = Field(default=100, ge=1, le=100_000)
    """How many runs of one account may be at work at once; more wait until one ends."""
    total_runs: int | None = Field(default=None, ge=1, le=1_000_000)
    """How many runs of all accounts together. None: as many as the workers carry."""
    lease_seconds: float = Field(default=15, gt=1)
    step_limit: int = Field(default=50, ge=1, le=1000)
    """Steps, and below US dollars, tokens and seconds, after which a run asks whether to go on."""
    budget_cost_usd: float | None = Field(default=None, ge=0.000_001, le=1_000_000)
    budget_tokens: int | None = Field(default=None, ge=1, le=1_000_000_000_000)
    budget_seconds: float | None = Field(default=None, ge=1, le=31_536_000)
    policy: Annotated[Rules, NoDecode, BeforeValidator(_from_json)] = Rules()
    """Rules for the tools of every agent, as JSON; agents and runs can only be stricter."""
    approval_seconds: float = Field(default=86_400, ge=1, le=30 * 86_400)
    """How long a run waits for the decision about a call, which then counts as denied."""
    question_seconds: float = Field(default=30 * 86_400, ge=1, le=366 * 86_400)
    """How long a run waits for an answer to anything else; then it has failed."""
    metrics_token: SecretStr | None = None
    """The bearer token that may read /metrics. None: the account's own."""
    body_limit: int = Field(default=1_000_000, ge=1000)
    upload_limit: int = Field(default=1_000_000_000, ge=1000)
    worker_grace: float = Field(default=10, ge=0, le=240)
    """How long a draining worker waits for its runs to reach their next step."""
    network: Annotated[Network, NoDecode, BeforeValidator(_network)] = Network(mode="off")
    """What sandboxes may reach: `off`, `open`, or hosts with commas between; agents and runs narrow it."""
    secrets_key: SecretStr | None = Field(default=None, min_length=32)
    """What secrets of accounts are kept under. None: made once in embedded mode, elsewhere they are off."""
    tavily_api_key: SecretStr | None = Field(default=None, validation_alias="TAVILY_API_KEY")
    """Searches the web, before EXA_API_KEY and SEARXNG_URL."""
    exa_api_key: SecretStr | None = Field(default=None, validation_alias="EXA_API_KEY")
    searxng_url: str | None = None
    """An own SearXNG whose settings allow the format `json`."""
    rapidapi_key: SecretStr | None = Field(default=None, validation_alias="RAPIDAPI_KEY")
    """Opens the data providers that its owner has subscribed to."""
    cloudflare_api_token: SecretStr | None = Field(default=None, validation_alias="CLOUDFLARE_API_TOKEN")
    """With the account: `deploy` publishes at Cloudflare Pages. The token needs its permission "Edit"."""
    cloudflare_account_id: str | None = Field(
        default=None, validation_alias="CLOUDFLARE_ACCOUNT_ID", pattern=r"^[A-Za-z0-9]{1,32}$"
    )
    sandbox_python: Path | None = Field(default_factory=default_sandbox_python)
    """A virtual environment whose packages the agent's own Python sees, read-only."""

    sandbox: Literal["auto", "local", "daytona"] = "auto"
    """Where commands run. auto: at Daytona when its key is set, else on this machine."""
    daytona_api_key: SecretStr | None = Field(default=None, validation_alias="DAYTONA_API_KEY")
    daytona_api_url: str | None = Field(default=None, validation_alias="DAYTONA_API_URL")
    """None: Daytona's own."""
    daytona_target: str | None = Field(default=None, validation_alias="DAYTONA_TARGET")
    """The region of sandboxes. None: the organisation's."""
    daytona_snapshot: str | None = None
    daytona_image: str | None = None
    """What sandboxes are made from: a snapshot at Daytona, else an image, else its default."""
    daytona_cpu: int = Field(default=2, ge=1, le=64)
    daytona_memory_gib: int = Field(default=4, ge=1, le=256)
    daytona_disk_gib: int = Field(default=8, ge=1, le=1000)
    daytona_auto_stop: int = Field(default=15, ge=0, le=43_200)
    """Minutes without use after which a sandbox is stopped; below, after which a stopped one is archived, and
    deleted (-1: never)."""
    daytona_auto_archive: int = Field(default=1440, ge=0, le=43_200)
    daytona_auto_delete: int = Field(default=43_200, ge=-1, le=525_600)
    daytona_network_allow: tuple[str, ...] = Field(default=(), max_length=10)
    """Addresses (CIDR), and below domains, that Daytona's sandboxes may reach; neither: no network."""
    daytona_domain_allow: tuple[str, ...] = Field(default=(), max_length=20)
    preview_port: int = Field(default=0, ge=0, le=65535)
    """Where previews of local sandboxes are shown; 0: a free port, or none where API and worker are
    apart."""
    preview_address: str = Field(
        default="http://{label}.localhost:{port}/", pattern=r"^https?://[^/]*\{label\}"
    )
    """The form of their addresses, as people reach them."""
    daytona_warm: int = Field(default=0, ge=0, le=20)
    """How many sandboxes of the snapshot Daytona keeps ready."""


def environment() -> Mapping[str, str]:
    """Return the environment, where the models' providers have their keys."""
    return dict(os.environ)


@cache
def settings() -> Settings:
    """Read the settings once a process. Raises pydantic's ValidationError when one is wrong.

    A `.env` file in the working folder or above it counts as environment, so that the keys of providers can
    stand there too; what is set already wins.
    """
    load_dotenv(find_dotenv(usecwd=True))
    return Settings()
