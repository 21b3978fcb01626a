"""Secrets of an account: set, listed and deleted by its people, and lent to its runs.

Law: a value goes in and never comes out here; what leaves is what a run's proxy holds (decision 17).
"""

import logging
import re
from typing import Annotated

from pydantic import Field, SecretStr

from factotum.core.errors import InvalidInput, SetupFault
from factotum.core.frozen import Frozen
from factotum.features.accounts import own_account
from factotum.features.secret_box import SecretBox
from factotum.protocol.network import HostPattern, NetworkLayers
from factotum.sandbox.egress.swapping import HeldSecret
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.secrets import MOST_SECRETS, Secret, Secrets
from factotum.store.tx import Tx

_log = logging.getLogger(__name__)

_SHORTEST = 8
_LONGEST = 8000
_MOST_HOSTS = 20
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
_RESERVED = frozenset(
    {
        "ALL_PROXY",
        "AWS_CA_BUNDLE",
        "BASHOPTS",
        "BASH_ENV",
        "CURL_CA_BUNDLE",
        "ENV",
        "EUID",
        "GIT_PAGER",
        "GIT_SSL_CAINFO",
        "HOME",
        "HOSTNAME",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "IFS",
        "LANG",
        "LOGNAME",
        "MPLBACKEND",
        "MPLCONFIGDIR",
        "NODE_EXTRA_CA_CERTS",
        "NODE_OPTIONS",
        "NO_PROXY",
        "OLDPWD",
        "PAGER",
        "PATH",
        "PIP_CERT",
        "PPID",
        "PS4",
        "PWD",
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "REQUESTS_CA_BUNDLE",
        "SHELL",
        "SHELLOPTS",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TERM",
        "TZ",
        "UID",
        "USER",
    }
)
"""Names that mean something to the programs in a sandbox."""


class SecretChange(Frozen):
    """A secret's value, and where it may go. No value: the present one stays."""

    value: SecretStr | None = Field(
        default=None,
        description=f"One line of {_SHORTEST} to {_LONGEST} bytes. None keeps the present one. Never shown.",
    )
    hosts: Annotated[tuple[HostPattern, ...], Field(min_length=1, max_length=_MOST_HOSTS)] = Field(
        description="The hosts that the value may be sent to: `api.example.com`, or `*.example.com`."
    )


class SecretList(Frozen):
    """An account's secrets, by name; never their values."""

    items: Annotated[tuple[Secret, ...], Field(max_length=MOST_SECRETS)]


class SecretService:
    """The secrets of the caller's own account. `box` None: no key is set, and all of this is off."""

    def __init__(self, database: Database, box: SecretBox | None) -> None:
        self._database = database
        self._box = box

    async def list(self, caller: Caller) -> SecretList:
        """Return them. Raises SetupFault (`secrets_off`)."""
        self._opened()
        async with self._database.tenant(caller) as tx:
            return SecretList(items=tuple(await (await _own(tx))[1].list()))

    async def put(self, caller: Caller, name: str, change: SecretChange) -> Secret:
        """Set one. Raises InvalidInput (`secret_name_invalid`, `secret_name_reserved`, `secret_invalid`),
        NotFound (`secret_not_found`) for no value where there is none yet, Conflict (`secrets_full`),
        Forbidden, SetupFault (`secrets_off`)."""
        box = self._opened()
        _check_name(name)
        value = None if change.value is None else _checked(change.value.get_secret_value())
        hosts = tuple(dict.fromkeys(change.hosts))
        async with self._database.tenant(caller) as tx:
            account_id, secrets = await _own(tx)
            if value is None:
                return await secrets.change_hosts(name, hosts)
            return await secrets.put(name, hosts, box.seal(account_id, name, value))

    async def delete(self, caller: Caller, name: str) -> None:
        """Forget one. Raises NotFound (`secret_not_found`), SetupFault (`secrets_off`)."""
        self._opened()
        _check_name(name)
        async with self._database.tenant(caller) as tx:
            await (await _own(tx))[1].delete(name)

    def _opened(self) -> SecretBox:
        if self._box is None:
            raise SetupFault(
                "Secrets are off: this service has no key to keep them under.",
                hint="Set FACTOTUM_SECRETS_KEY, for example to what `openssl rand -hex 32` prints.",
                code="secrets_off",
            )
        return self._box


async def lent(
    tx: Tx, box: SecretBox | None, account_id: str, rules: NetworkLayers
) -> tuple[HeldSecret, ...]:
    """Return an account's secrets for a run with these network rules: those that some host may get."""
    if box is None or rules.mode == "off":
        return ()
    held: list[HeldSecret] = []
    for each in await Secrets(tx, account_id).sealed():
        if not any(host.startswith("*.") or rules.allows(host) for host in each.hosts):
            continue
        value = box.open(account_id, each.name, each.sealed)
        if value is None:
            _log.warning("the secret %s cannot be opened with this key: it must be set anew", each.name)
            continue
        held.append(HeldSecret(each.name, each.hosts, box.placeholder(account_id, each.name), value))
    return tuple(held)


async def _own(tx: Tx) -> tuple[str, Secrets]:
    account = await own_account(tx)
    return account.id, Secrets(tx, account.id)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "A secret's name has up to 64 capital letters, digits and _, and begins with a letter.",
            hint="Name it like a variable of the environment: GITHUB_TOKEN.",
            code="secret_name_invalid",
        )
    if name in _RESERVED or name.startswith(("LD_", "LC_")):
        raise InvalidInput(
            f"{name} means something to the programs in a sandbox already.",
            hint="Choose another name, such as MY_" + name + ".",
            code="secret_name_reserved",
        )


def _checked(value: str) -> bytes:
    """Return a value as bytes. Raises InvalidInput (`secret_invalid`), which does not hold it."""
    try:
        data = value.encode()
    except UnicodeEncodeError:
        data = b""
    if not _SHORTEST <= len(data) <= _LONGEST or not value.isprintable() or value != value.strip():
        raise InvalidInput(
            f"A secret is one line of {_SHORTEST} to {_LONGEST} bytes, without spaces around it.",
            hint="What is shorter could be neither kept secret nor taken out of answers.",
            code="secret_invalid",
        )
    return data
