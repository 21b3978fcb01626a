"""Who calls: the bearer token of each request. Law: nothing under /v1 is reached without one.

What is under /v1/admin is for the operator, whose token its routes check themselves (routes/operations.py).

The check is bare ASGI in front of all routes, so a route that forgets it is closed, and nothing of a
stranger's body is read.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from factotum.api.context import context_of
from factotum.api.errors import problem_response
from factotum.core.errors import FactotumError, Forbidden, Unauthenticated
from factotum.core.ids import derived_id
from factotum.features.keys import looks_like_key
from factotum.features.sessions import looks_like_session
from factotum.store.accounts import Accounts
from factotum.store.database import Database
from factotum.store.records import Caller

LOCAL_CALLER = Caller(derived_id("local", "user"))
"""The one user of an installation that signs nobody in."""

_PROTECTED = "/v1/"
_OPEN = frozenset(
    {"/v1/auth/exchange", "/v1/invitations/accept", "/v1/invitations/look", "/v1/shared"},
)
_SHARED = "/v1/shared/"
"""What a share's link opens: its token is checked where it is used, and the caller stays unknown."""
_OPERATORS = "/v1/admin/"
_FOR_PEOPLE = ("/v1/keys", "/v1/secrets", "/v1/members", "/v1/invitations", "/v1/session")
"""What no API key opens: it could make itself last longer, or reach further, than was meant."""
ACCOUNT_HEADER = "factotum-account"
"""Names the account that a caller with several acts for."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Authenticator(Protocol):
    """Knows whom a token stands for."""

    async def authenticate(self, token: str) -> Caller:
        """Return the caller. Raises Unauthenticated."""
        ...


class TokenAuthenticator:
    """Fixed tokens, kept as digests only."""

    def __init__(self, tokens: Mapping[str, Caller]) -> None:
        self._callers = [(_digest(token), caller) for token, caller in tokens.items()]

    async def authenticate(self, token: str) -> Caller:
        """Return the caller. Raises Unauthenticated; how long that takes tells nothing about any token."""
        given = _digest(token)
        found = [caller for digest, caller in self._callers if hmac.compare_digest(digest, given)]
        if not found:
            raise Unauthenticated(
                "This token is not valid.", hint="`factotum serve` prints where to find it."
            )
        return found[0]


async def ensure_local_account(database: Database) -> None:
    """Make the local user's personal account if it is not there yet."""
    async with database.tenant(LOCAL_CALLER) as tx:
        await Accounts(tx).ensure_personal(derived_id("local", "account"), "Personal")


class AuthMiddleware:
    """Puts the caller into `scope["state"]["caller"]`, or answers 401."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and _needs_caller(scope["path"]):
            try:
                caller = await caller_of(scope)
                check_scope(caller, scope["method"], scope["path"])
            except FactotumError as fault:
                await problem_response(fault, scope)(scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)


async def caller_of(scope: Scope) -> Caller:
    """Return who calls: by an API key, a session, or as the context's authenticator knows them.

    Raises Unauthenticated; NotFound (`account_not_found`) where the request names an account of others.
    """
    headers = Headers(scope=scope)
    token = bearer_token(headers)
    context = context_of(scope["app"])
    if looks_like_key(token):
        caller = await context.keys.caller_of(token)
    elif looks_like_session(token):
        caller = await context.sessions.caller_of(token)
    else:
        caller = await context.authenticator.authenticate(token)
    account_id = headers.get(ACCOUNT_HEADER)
    return caller if account_id is None else await context.acting.narrowed(caller, account_id)


def check_scope(caller: Caller, method: str, path: str) -> None:
    """Raise Forbidden (`key_scope`) for what the caller's key is not for. A caller without a key may all."""
    if caller.scope is None:
        return
    if any(path == room or path.startswith(f"{room}/") for room in _FOR_PEOPLE):
        raise Forbidden(
            "An API key cannot manage keys, secrets or members.",
            hint="Sign in yourself: on the page, or with the token that `factotum serve` tells of.",
            code="key_scope",
        )
    if caller.scope == "read" and method not in _READING:
        raise Forbidden(
            "This API key may only read.", hint="Use a key with the scope `write`.", code="key_scope"
        )


def _needs_caller(path: str) -> bool:
    return path.startswith(_PROTECTED) and path not in _OPEN and not path.startswith((_OPERATORS, _SHARED))


def bearer_token(headers: Headers) -> str:
    """Return the token of an Authorization header. Raises Unauthenticated."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(
            "This needs a bearer token.", hint="Send the header `Authorization: Bearer <token>`."
        )
    return token


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
