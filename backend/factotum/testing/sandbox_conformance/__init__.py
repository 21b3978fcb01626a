"""What every sandbox provider must do, as tests.

Subclass SandboxConformance in a test module, or the parts of it that the provider's `capabilities` name, and
give it a `sandbox` fixture (an open sandbox of a new project) and a `provider` fixture. It needs nothing of
pytest but that it collects `test_` methods and runs coroutines.
"""

from factotum.testing.sandbox_conformance.commands import CommandsConformance
from factotum.testing.sandbox_conformance.files import FilesConformance
from factotum.testing.sandbox_conformance.ports import PortsConformance
from factotum.testing.sandbox_conformance.sessions import SessionsConformance
from factotum.testing.sandbox_conformance.snapshots import SnapshotsConformance
from factotum.testing.sandbox_conformance.support import appears, chunks, content, failure, heard, said
from factotum.testing.sandbox_conformance.through_commands import FilesOfCommandsConformance

__all__ = [
    "CommandsConformance",
    "FilesConformance",
    "FilesOfCommandsConformance",
    "PortsConformance",
    "SandboxConformance",
    "SessionsConformance",
    "SnapshotsConformance",
    "appears",
    "chunks",
    "content",
    "failure",
    "heard",
    "said",
]


class SandboxConformance(
    FilesConformance,
    CommandsConformance,
    FilesOfCommandsConformance,
    SessionsConformance,
    PortsConformance,
):
    """All of the port's promises but snapshots, which few providers keep."""
