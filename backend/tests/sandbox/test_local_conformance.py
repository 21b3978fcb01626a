"""The local provider keeps the port's promises."""

from factotum.testing.sandbox_conformance import SandboxConformance, SnapshotsConformance


class TestLocalSandbox(SandboxConformance, SnapshotsConformance):
    """Run against bubblewrap."""
