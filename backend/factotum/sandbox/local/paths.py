"""Which workspace paths we take: pure rules. What the kernel resolves is held inside by openat2.py."""

import posixpath
import re
from collections.abc import Mapping

from factotum.core.errors import InvalidInput
from factotum.sandbox.port import WORKSPACE

_PATH_LIMIT = 3500  # bytes; under the kernel's PATH_MAX of 4096
_NAME_LIMIT = 255  # bytes; the kernel's NAME_MAX
_PROJECT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_LABELS_LIMIT = 32
_LABEL_VALUE_LIMIT = 256
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def clean_path(path: str) -> str:
    """Return `path` relative to the workspace, without `.`, `..` or empty parts; `.` is the workspace itself.

    Absolute paths under /workspace are taken too. Raises InvalidInput: `path_outside` for anything that
    leaves the workspace, `path_invalid` for what cannot be a path on Linux.
    """
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        raise InvalidInput("The path is not valid Unicode text.", code="path_invalid") from None
    if not path or b"\0" in encoded:
        raise InvalidInput("The path is empty or holds a NUL character.", code="path_invalid")
    if len(encoded) > _PATH_LIMIT or any(len(part) > _NAME_LIMIT for part in encoded.split(b"/")):
        raise InvalidInput("The path or one of its names is too long.", code="path_invalid")
    normal = posixpath.normpath(path)
    if normal.startswith("/"):
        folder, _, inside = f"/{normal.lstrip('/')}/".partition(f"{WORKSPACE}/")
        normal = ".." if folder else inside.rstrip("/") or "."
    if normal == ".." or normal.startswith("../"):
        raise outside(path)
    return normal


def split(path: str) -> tuple[str, str]:
    """Return the folder and the name of a clean path. Raises InvalidInput for the workspace itself."""
    if path == ".":
        raise InvalidInput("This is the workspace itself, not something in it.", code="path_is_workspace")
    folder, name = posixpath.split(path)
    return folder or ".", name


def outside(path: str) -> InvalidInput:
    """Build the error for a path that leads out of the workspace."""
    return InvalidInput(
        f"The path {path!r} leads out of the workspace.",
        hint=f"Give a path relative to {WORKSPACE}.",
        code="path_outside",
    )


def check_project_id(project_id: str) -> str:
    """Return `project_id` if it is safe as a folder's name. Raises InvalidInput (`project_id_invalid`)."""
    if not _PROJECT_ID.fullmatch(project_id):
        raise InvalidInput("A project's id is made of letters, digits, - and _.", code="project_id_invalid")
    return project_id


def check_labels(labels: Mapping[str, str]) -> None:
    """Raise InvalidInput (`labels_invalid`) unless these can be a sandbox's labels: a few short texts."""
    if len(labels) > _LABELS_LIMIT or any(
        not _LABEL.fullmatch(name) or len(value) > _LABEL_VALUE_LIMIT for name, value in labels.items()
    ):
        raise InvalidInput(
            f"Labels are up to {_LABELS_LIMIT} names of up to 64 letters, digits, dots, - and _, with values "
            f"of up to {_LABEL_VALUE_LIMIT} characters.",
            code="labels_invalid",
        )


def check_variable(name: str, value: str) -> None:
    """Raise InvalidInput (`environment_invalid`) unless this may be set for a command.

    Variables of the dynamic linker may not: they would work in the shell that sets the command's limits.
    """
    if name.startswith("LD_"):
        raise InvalidInput(
            f"{name} cannot be set from outside.", hint="Set it in the command.", code="environment_invalid"
        )
    if not _VARIABLE.fullmatch(name) or "\0" in value:
        raise InvalidInput(f"{name!r} cannot be an environment variable.", code="environment_invalid")
