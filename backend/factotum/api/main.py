"""The application: routes, errors and middleware, over a context that its lifespan opens.

`app` is what gunicorn serves: it opens the services that the settings name. `factotum serve` makes its own
with `create_app`, over services that are open already.
"""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI

from factotum.api.auth import LOCAL_CALLER, AuthMiddleware, TokenAuthenticator, ensure_local_account
from factotum.api.codes import CodeBook
from factotum.api.context import ApiContext, open_context
from factotum.api.errors import install_error_handlers
from factotum.api.headers import HeadersMiddleware
from factotum.api.limits import BodyLimitMiddleware
from factotum.api.openapi import PROBLEM_RESPONSES, install_openapi
from factotum.api.page import PageMiddleware, built_page
from factotum.api.routes import (
    agents,
    approvals,
    browsers,
    conversation,
    deployments,
    events,
    files,
    invitations,
    keys,
    members,
    network,
    operations,
    projects,
    runs,
    secrets,
    service,
    shares,
    snapshots,
    threads,
    usage,
)
from factotum.api.streaming import Drain
from factotum.core.errors import FactotumError, SetupFault
from factotum.core.garbage import keep_what_is_here
from factotum.core.logs import configure_logs
from factotum.services import Services, addresses_of, open_services, serve_previews
from factotum.settings import settings

_log = logging.getLogger(__name__)

OpenContext = Callable[[], AbstractAsyncContextManager[ApiContext]]


def create_app(open_: OpenContext) -> FastAPI:
    """Make the application. `open_` is entered when it starts and left when it has shut down.

    `app.state.drain.begin()` ends the open streams; `ApiServer` calls it before it waits for them.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        try:
            async with open_() as context:
                app.state.context = context
                yield
        except FactotumError as fault:
            _log.critical("the API does not start: %s %s", fault.message, fault.hint)
            raise

    app = FastAPI(
        title="Factotum",
        lifespan=lifespan,
        # Its pages load scripts from another origin.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=PROBLEM_RESPONSES,
    )
    app.state.drain = Drain()
    for module in (
        service,
        operations,
        projects,
        deployments,
        threads,
        runs,
        conversation,
        approvals,
        browsers,
        events,
        files,
        network,
        agents,
        secrets,
        shares,
        snapshots,
        keys,
        members,
        invitations,
        usage,
    ):
        app.include_router(module.router)
    app.include_router(files.archives)
    install_error_handlers(app)
    install_openapi(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(AuthMiddleware)
    if page := built_page():
        app.add_middleware(PageMiddleware, files=page)
    app.add_middleware(HeadersMiddleware)
    return app


@asynccontextmanager
async def local_context(
    services: Services, token: str, codes: CodeBook | None = None
) -> AsyncGenerator[ApiContext]:
    """Open the context of an installation with one local user, whose bearer token is `token`."""
    await ensure_local_account(services.database)
    async with open_context(services, TokenAuthenticator({token: LOCAL_CALLER}), codes) as context:
        yield context


@asynccontextmanager
async def context_from_settings() -> AsyncGenerator[ApiContext]:
    """Open the services that the settings name.

    Raises SetupFault (`api_token_missing`, `address_missing`).
    """
    configured = settings()
    configure_logs(as_json=configured.env_mode != "local")
    if configured.api_token is None:
        raise SetupFault(
            "FACTOTUM_API_TOKEN is not set, so nobody could sign in.",
            hint="Set it to a long random text, for example of `openssl rand -hex 32`.",
            code="api_token_missing",
        )
    token = configured.api_token.get_secret_value()
    async with (
        open_services(configured, addresses_of(configured), "factotum-api") as services,
        serve_previews(services, shared=True),
        local_context(replace(services, carries_runs=False), token) as context,
    ):
        keep_what_is_here()
        yield context


app = create_app(context_from_settings)
