"""The local provider keeps the port's promises."""

from factotum.testing.sandbox_conformance import SandboxConformance


class TestLocalSandbox(SandboxConformance):
    """Run against bubblewrap."""
