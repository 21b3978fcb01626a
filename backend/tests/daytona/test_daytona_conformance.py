"""The Daytona provider keeps the port's promises, through the unmodified SDK and a fake Daytona."""

import pytest

from factotum.testing.sandbox_conformance import SandboxConformance

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestDaytonaSandbox(SandboxConformance):
    """Run against the fake, whose sandboxes are bubblewrap's."""
