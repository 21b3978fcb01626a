"""Downloads of the browser: into the workspace, bounded in number and size, each with its end told once."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Error

WORKSPACE = Path("/workspace")
FOLDER = "downloads"
FOLDER_ABOVE = WORKSPACE / ".factotum"
MOST = 5
LARGEST_BYTES = 500_000_000
LOOK_SECONDS = 0.2
UNSAFE = re.compile(r"[^\w.()\[\] +-]", re.UNICODE)


class Downloads:
    """What is being downloaded, and what has come since it was last asked for."""

    def __init__(self) -> None:
        self.running: dict[asyncio.Task[None], object] = {}
        self.came: list[str] = []
        self.told: list[str] = []
        self.news = asyncio.Event()
        self.folder: Path | None = None

    def incoming(self) -> Path:
        """Return the folder that unfinished downloads lie in, empty; on the project's disk, not in memory."""
        FOLDER_ABOVE.mkdir(exist_ok=True)
        for left in FOLDER_ABOVE.glob("downloading-*"):  # of drivers that were killed
            shutil.rmtree(left, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix="downloading-", dir=FOLDER_ABOVE))
        return self.folder

    def begin(self, download) -> None:
        """Follow a download to its end."""
        if len(self.running) >= MOST:
            self.tell(f"A download was refused: {MOST} are running.")
            task = asyncio.ensure_future(stopped(download))
        else:
            task = asyncio.ensure_future(self.follow(download))
        self.running[task] = download
        task.add_done_callback(lambda done: self.running.pop(done, None))

    async def follow(self, download) -> None:
        """Wait for its end; keep what came in the workspace."""
        name = UNSAFE.sub("_", download.suggested_filename).lstrip(".")[:120] or "download"
        coming = asyncio.ensure_future(download.failure())
        try:
            while not coming.done():
                await asyncio.wait({coming}, timeout=LOOK_SECONDS)
                if not coming.done() and self.size() > LARGEST_BYTES:
                    self.tell(f"The download {name!r} was ended: it is over {LARGEST_BYTES:,} bytes.")
                    return
            failure = coming.result()
            if failure:
                self.tell(f"The download {name!r} failed: {failure}.")
                return
            kept = free_place(name)
            # One disk: a move, so that the largest file takes its room once.
            os.replace(await download.path(), WORKSPACE / kept)
            self.came.append(kept)
            self.tell(f"Downloaded {kept} ({(WORKSPACE / kept).stat().st_size:,} bytes).")
        except asyncio.CancelledError:
            self.tell(f"The download {name!r} was ended before it was whole.")
        except (Error, OSError) as error:
            self.tell(f"The download {name!r} failed: {str(error)[:200]}.")
        finally:
            if not coming.done():
                await stopped(download)
                coming.cancel()
            if len(self.running) <= 1:
                self.clear()

    def size(self) -> int:
        """The bytes of all that is being downloaded."""
        total = 0
        if self.folder is not None:
            for entry in os.scandir(self.folder):
                with contextlib.suppress(OSError):
                    total += entry.stat().st_size
        return total

    def tell(self, what: str) -> None:
        """Keep what happened for the next answer."""
        self.told.append(what)
        self.news.set()

    def take(self) -> "tuple[list[str], list[str]]":
        """Return what happened and which files came since the last time."""
        told, came = self.told, self.came
        self.told, self.came = [], []
        self.news.clear()
        return told, came

    async def stop_all(self) -> None:
        """End what is being downloaded, and wait until that is told."""
        tasks = list(self.running)
        self.stop()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    def stop(self) -> None:
        """End what is being downloaded."""
        for task in list(self.running):
            task.cancel()

    def clear(self) -> None:
        """Remove what was never finished."""
        for left in self.folder.iterdir() if self.folder else ():
            left.unlink(missing_ok=True)


async def stopped(download) -> None:
    """End a download."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(3):
            await download.cancel()


def free_place(name: str) -> str:
    """Return a path below the workspace that is not taken."""
    (WORKSPACE / FOLDER).mkdir(exist_ok=True)
    stem, dot, ending = name.rpartition(".")
    base, suffix = (stem, f".{ending}") if dot and stem else (name, "")
    number = 1
    while True:
        place = f"{FOLDER}/{base}{'' if number == 1 else f'-{number}'}{suffix}"
        if not (WORKSPACE / place).exists():
            return place
        number += 1
