"""The driver as it is sent into a sandbox: one archive through the session's input, and the command for it.

So a driver is always as new as the service, and any provider with sessions can have it.
"""

import io
import shlex
import zipfile
from functools import cache
from importlib import resources

from factotum.sandbox.browser.readiness import CHROMIUM

IDLE_SECONDS = 600
"""Nobody used the browser for so long: it ends."""

_MAIN = "from driver.serve import main\n\nmain()\n"
_RECEIVE = """\
import os, sys, tempfile
size, data = int(sys.argv[1]), b""
while len(data) < size:
    piece = os.read(0, size - len(data))
    if not piece:
        sys.exit("the driver did not come whole")
    data += piece
place = os.path.join(tempfile.mkdtemp(prefix="browser-"), "driver.pyz")
with open(place, "xb") as file:
    file.write(data)
os.execv(sys.executable, [sys.executable, "-I", place, *sys.argv[2:]])
"""


@cache
def archive() -> bytes:
    """Return the driver as a Python archive; the same bytes at every call. Blocks the first time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("__main__.py"), _MAIN)
        sources = resources.files("factotum.sandbox.browser").joinpath("inside")
        for source in sorted(sources.iterdir(), key=lambda each: each.name):
            if source.name.endswith(".py"):
                file.writestr(zipfile.ZipInfo(f"driver/{source.name}"), source.read_text(encoding="utf-8"))
    return made.getvalue()


@cache
def command() -> str:
    """Return what a session runs: it takes the archive from its input, and becomes the driver."""
    programs = ":".join(CHROMIUM)
    return shlex.join(["python3", "-I", "-c", _RECEIVE, str(len(archive())), programs, str(IDLE_SECONDS)])
