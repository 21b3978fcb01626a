"""What the database's errors mean to a caller: one table, used where a transaction or a connection ends."""

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from factotum.core.errors import (
    Conflict,
    FactotumError,
    Forbidden,
    InvalidInput,
    NotFound,
    SetupFault,
    Unavailable,
)

_TRY_AGAIN = "Try again in a moment."


def translated(error: psycopg.Error) -> FactotumError | psycopg.Error:
    """Return the error of ours that says the same as `error`, or `error` itself when our code is at fault."""
    for kinds, make in _TABLE:
        if isinstance(error, kinds):
            return make()
    return error


def connection_fault(error: psycopg.OperationalError) -> FactotumError:
    """Say why signing in failed. libpq hands over no code then, only the server's text."""
    text = str(error)
    if "password authentication failed" in text or 'role "' in text or "no password supplied" in text:
        return _refused()
    if 'database "' in text and "does not exist" in text:
        return _no_database()
    return _down()


def _disk_full() -> FactotumError:
    return Unavailable(
        "The database has no room left; nothing was changed.",
        hint="Free space on the database's disk, or give it a larger one.",
        code="disk_full",
    )


def _read_only() -> FactotumError:
    return Unavailable(
        "The database takes no changes at present.",
        hint="It is a replica, or its provider made it read-only because its disk is full.",
        code="database_read_only",
    )


def _busy() -> FactotumError:
    return Unavailable(
        "The database was too busy to do this; nothing was changed.", hint=_TRY_AGAIN, code="database_busy"
    )


def _down() -> FactotumError:
    return Unavailable("The database cannot be reached.", hint=_TRY_AGAIN, code="database_unavailable")


def _refused() -> FactotumError:
    return SetupFault(
        "The database refuses the user or the password in DATABASE_URL.",
        hint="Correct DATABASE_URL; `factotum migrate` makes its user when it is missing.",
        code="database_login_refused",
    )


def _no_database() -> FactotumError:
    return SetupFault(
        "The database that DATABASE_URL names does not exist.",
        hint="Create it, then run `factotum migrate`.",
        code="database_missing",
    )


def _invalid() -> FactotumError:
    return InvalidInput("A value is malformed, too long or out of range.", hint="Correct the request.")


def _ended() -> FactotumError:
    return Conflict("The run has ended and does not change any more.", code="run_ended")


def _reference() -> FactotumError:
    return NotFound("Something that this refers to does not exist.", hint="Check the ids in the request.")


def _clash() -> FactotumError:
    return Conflict("This id or name is taken.", hint="Use another one.")


def _not_allowed() -> FactotumError:
    return Forbidden(
        "You may read this account, but not change it.",
        hint="Ask an owner or admin of the account for more rights.",
    )


# The first match counts: PostgreSQL's classes of errors are wider towards the end.
_TABLE = (
    ((errors.DiskFull,), _disk_full),
    ((errors.ReadOnlySqlTransaction,), _read_only),
    ((errors.InvalidPassword, errors.InvalidAuthorizationSpecification), _refused),
    ((errors.InvalidCatalogName,), _no_database),
    (
        (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable, errors.QueryCanceled),
        _busy,
    ),
    # The server lets a connection go whose owner was frozen in a transaction, as a laptop that slept.
    ((PoolTimeout, TooManyRequests, PoolClosed, errors.IdleInTransactionSessionTimeout), _down),
    ((errors.ForeignKeyViolation,), _reference),
    ((errors.UniqueViolation,), _clash),
    ((errors.CheckViolation, errors.NotNullViolation, psycopg.DataError), _invalid),
    ((errors.ProgramLimitExceeded,), _invalid),
    ((errors.ObjectNotInPrerequisiteState,), _ended),
    ((errors.InsufficientPrivilege,), _not_allowed),
    ((psycopg.OperationalError, psycopg.InterfaceError), _down),
)
