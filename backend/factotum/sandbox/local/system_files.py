"""The few system files made for the sandbox: its /etc, its supervisor, the frame of its Python environment.

They lie in folders named after their content, built aside and renamed, so that services that share a data
folder agree, and nothing is written again at the next start.
"""

import hashlib
import importlib.util
import marshal
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from factotum.sandbox.local.python_home import PYTHON_HOME, PythonHome

_ETC = {
    "passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:1000:1000:Agent:/home/agent:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "hostname": "sandbox\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "resolv.conf": "",
    "profile": "",
    "shells": "/bin/sh\n/bin/bash\n",
}
_COPIED = ("ld.so.cache", "ld.so.conf", "mime.types", "debian_version", "os-release")
SHOWN_FOLDERS = ("alternatives", "ssl/certs", "fonts", "ca-certificates", "pki/tls/certs")
"""Folders of the host's /etc that the sandbox sees: how names lead to programs, public certificates,
fonts.
"""


@dataclass(frozen=True, slots=True)
class SystemFiles:
    """Where the made folders lie on the host."""

    etc: Path
    inside: Path
    venv: Path | None


def prepare(folder: Path, python: PythonHome | None, host_etc: Path = Path("/etc")) -> SystemFiles:
    """Make what is missing in `folder` and return where it is. Blocks. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: text.encode() for name, text in _ETC.items()}
    for name in _COPIED:
        source = host_etc / name
        if source.is_file():
            files[name] = source.read_bytes()
    folders = [name for name in SHOWN_FOLDERS if (host_etc / name).is_dir()]
    etc = _publish(folder, "etc", files, folders=folders)
    inside = _publish(folder, "inside", _inside(), folders=["inside/__pycache__"])
    return SystemFiles(etc, inside, None if python is None else _publish(folder, "venv", *_venv(python)))


def _inside() -> dict[str, bytes]:
    """Return what runs inside, compiled too: the same Python there starts it in half the time."""
    files: dict[str, bytes] = {}
    for source in sorted(Path(__file__).with_name("inside").glob("*.py")):
        name = f"inside/{source.name}"
        files[name] = source.read_bytes()
        code = compile(files[name], name, "exec", dont_inherit=True, optimize=0)
        # As PEP 552 has it: magic number, "take it unchecked", no hash, code.
        compiled = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8) + marshal.dumps(code)
        files[f"inside/__pycache__/{source.stem}.{sys.implementation.cache_tag}.pyc"] = compiled
    return files


def _venv(python: PythonHome) -> tuple[dict[str, bytes], dict[str, str], list[str]]:
    home = str(Path(python.executable).parent)
    config = f"home = {home}\ninclude-system-site-packages = false\nversion = {python.version[6:]}\n"
    links = {f"bin/{name}": python.executable for name in ("python", "python3", python.version)}
    if python.shared_library is not None:
        links[f"shared/{python.shared_library}"] = f"{PYTHON_HOME}/lib/{python.shared_library}"
    return {"pyvenv.cfg": config.encode()}, links, [f"lib/{python.version}/site-packages"]


def _publish(
    parent: Path,
    name: str,
    files: Mapping[str, bytes],
    links: Mapping[str, str] | None = None,
    folders: list[str] | None = None,
) -> Path:
    links, folders = links or {}, folders or []
    told = repr((sorted(files.items()), sorted(links.items()), sorted(folders)))
    final = parent / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    if final.is_dir():
        return final
    draft = parent / f".{name}-{os.urandom(8).hex()}"
    for folder in folders:
        _make(draft / folder, draft)
    for path, content in files.items():
        _make((draft / path).parent, draft)
        (draft / path).write_bytes(content)
        (draft / path).chmod(0o644)
    for path, target in links.items():
        _make((draft / path).parent, draft)
        (draft / path).symlink_to(target)
    try:
        draft.rename(final)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not final.is_dir():
            raise
    return final


def _make(folder: Path, top: Path) -> None:
    """Make a folder below `top` that everyone may read, whatever the umask."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in (folder, *folder.parents):
        each.chmod(0o755)
        if each == top:
            break
