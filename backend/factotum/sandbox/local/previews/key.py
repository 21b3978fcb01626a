"""The key that signs addresses of previews: one for all processes of the service that share a data folder."""

import os
from contextlib import suppress
from pathlib import Path

_BYTES = 32
_FILE = "key"


def shared_key(folder: Path) -> bytes:
    """Return the key of `folder`, made when it is first asked for. Blocks. Raises OSError.

    The folder is the service's own: nobody else may enter it, and no sandbox sees it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    draft = folder / f".{os.getpid()}-{os.urandom(6).hex()}"
    draft.touch(mode=0o600)
    try:
        draft.write_bytes(os.urandom(_BYTES))
        with suppress(FileExistsError):
            os.link(draft, folder / _FILE)  # whole or not at all, and the first one wins
    finally:
        draft.unlink()
    return (folder / _FILE).read_bytes()
