"""Which revision the code needs, told by the scripts' names: starting the service imports no Alembic."""

from importlib.metadata import version
from pathlib import Path

SCHEMA = "factotum"
"""Where all tables of ours live."""
QUEUE_SCHEMA = "queue"
"""Where Procrastinate's tables live."""
TENANT_ROLE = "factotum_tenant"
"""What the transaction of a request or of a step becomes."""
SYSTEM_ROLE = "factotum_system"
"""What the narrow work across tenants becomes: claim, lease, sweep."""
VISITOR_ROLE = "factotum_visitor"
"""What the transaction of somebody with a share's link becomes: it reads that share, and no more."""

OLDEST_CODE_SAYS = "for code from revision "
"""How the database says which code its schema is for, in a comment on the table of its revision."""

SCRIPTS = Path(__file__).parent / "migrations"


# Read when the module is imported: both touch files, which a running event loop must not wait for.
_HEAD = max(path.name[:4] for path in (SCRIPTS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))
_OLDEST_CODE = "0006"
_QUEUE_VERSION = version("procrastinate")


def head_revision() -> str:
    """Return the newest revision that this version of the code brings, such as `0002`."""
    return _HEAD


def oldest_code() -> str:
    """Return the revision of the oldest code that works with the schema of this one.

    A deploy migrates first and replaces its processes one after another: a migration only adds, so that the
    version before goes on meanwhile. Raise `_OLDEST_CODE` with a migration that takes something away.
    """
    return _OLDEST_CODE


def queue_version() -> str:
    """Return the version of Procrastinate whose schema the code needs."""
    return _QUEUE_VERSION
