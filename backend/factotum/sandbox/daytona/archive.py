"""The program that runs inside, as one file: the bridge and the local provider's supervisor."""

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_INSIDE = "factotum/sandbox/daytona/inside"
_SUPERVISOR = "factotum/sandbox/local/inside"
_FOLDERS = (_INSIDE, _SUPERVISOR)
_ALONE = ("factotum/sandbox/local/openat2.py",)
_PACKAGES = ("factotum", "factotum/sandbox", "factotum/sandbox/daytona", "factotum/sandbox/local")
_START = "from factotum.sandbox.daytona.inside.bridge import main\n\nmain()\n"
_DATE = (2020, 1, 1, 0, 0, 0)


@cache
def archive() -> tuple[bytes, str]:
    """Return the file, and a name for exactly this content. Reads files: use a thread."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as target:
        target.writestr(zipfile.ZipInfo("__main__.py", _DATE), _START)
        for package in _PACKAGES:
            target.writestr(zipfile.ZipInfo(f"{package}/__init__.py", _DATE), "")
        found = sorted(path for folder in _FOLDERS for path in (_ROOT / folder).glob("*.py"))
        for path in (*(str(each.relative_to(_ROOT)) for each in found), *_ALONE):
            target.writestr(zipfile.ZipInfo(path, _DATE), (_ROOT / path).read_bytes())
    content = held.getvalue()
    return content, hashlib.sha256(content).hexdigest()[:16]
