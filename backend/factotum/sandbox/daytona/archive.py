"""The program that runs inside, as one file: the bridge and the local provider's supervisor."""

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_SOURCES = (
    *(
        (_HERE / "inside", name)
        for name in (
            "__init__.py",
            "bridge.py",
            "doors.py",
            "files.py",
            "frames.py",
            "machine.py",
            "pipes.py",
            "refusal.py",
            "runs.py",
            "shells.py",
        )
    ),
    *(
        (_HERE.parent / "local" / "inside", name)
        for name in ("carry.py", "keeper.py", "shared.py", "supervisor.py")
    ),
    (_HERE.parent / "local", "openat2.py"),
)
_START = "from inside.bridge import main\n\nmain()\n"
_DATE = (2020, 1, 1, 0, 0, 0)


@cache
def archive() -> tuple[bytes, str]:
    """Return the file, and a name for exactly this content. Reads files: use a thread."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as target:
        target.writestr(zipfile.ZipInfo("__main__.py", _DATE), _START)
        for folder, name in _SOURCES:
            target.writestr(zipfile.ZipInfo(f"inside/{name}", _DATE), (folder / name).read_bytes())
    content = held.getvalue()
    return content, hashlib.sha256(content).hexdigest()[:16]
