"""What callers are told when a sandbox fails."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from factotum.core.errors import Unavailable
from factotum.sandbox.local.engine import explain_loss
from factotum.sandbox.local.follow import Lost
from factotum.sandbox.local.launch import LaunchFailed
from factotum.sandbox.local.project import Project

_log = logging.getLogger(__name__)


@asynccontextmanager
async def explained(project: Project) -> AsyncGenerator[None]:
    """Turn failures to start, and losses, into our errors."""
    try:
        yield
    except Lost as error:
        raise explain_loss(error) from error
    except LaunchFailed as error:
        _log.error("sandbox did not start", extra={"project_id": project.id, "said": str(error)})
        raise Unavailable(
            "The sandbox did not start.", hint="Try again; `factotum doctor` tells what is wrong."
        ) from error
