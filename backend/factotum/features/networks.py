"""The network of agents: the rule in an agent's settings, under `network`, and what was reached."""

import logging
from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from factotum.core.errors import InvalidInput
from factotum.features.ids import cursor
from factotum.features.pages import Page, PageRequest, next_after
from factotum.protocol.network import Network, NetworkConnection
from factotum.store.database import Database
from factotum.store.network_log import NetworkLog
from factotum.store.records import Caller
from factotum.store.threads import Threads

log = logging.getLogger(__name__)

_KEY = "network"


class NetworkPage(Page[NetworkConnection]):
    """Connections, newest first."""


class NetworkService:
    """Tells what the runs of a thread reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, caller: Caller, thread_id: str, page: PageRequest) -> NetworkPage:
        """Return a page. Raises NotFound (`thread_not_found`), InvalidInput (`invalid_cursor`)."""
        async with self._database.tenant(caller) as tx:
            await Threads(tx).get(thread_id)
            found = await NetworkLog(tx).list(thread_id, after=cursor(page.after), limit=page.limit)
        last = found[-1].id if found else ""
        return NetworkPage(items=tuple(found), next=next_after(found, page.limit, last))


def check_network(settings: Mapping[str, JsonValue]) -> None:
    """Raise InvalidInput (`invalid_network`) for settings whose `network` cannot be read."""
    try:
        _read(settings)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, ("settings", _KEY, *first["loc"])))
        raise InvalidInput(
            f"{field}: {first['msg']}.",
            hint='A network looks like {"mode": "allow", "hosts": ["pypi.org", "*.github.com"]}.',
            code="invalid_network",
            field=field,
        ) from None


def network_of(settings: Mapping[str, JsonValue]) -> Network | None:
    """Return what an agent's settings say; off when that cannot be read, None when they say nothing."""
    try:
        return _read(settings)
    except ValidationError:
        log.warning("an agent's network rule cannot be read: it has none")
        return Network(mode="off")


def _read(settings: Mapping[str, JsonValue]) -> Network | None:
    said = settings.get(_KEY)
    return None if said is None else Network.model_validate(said)
