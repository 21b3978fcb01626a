"""The pass to one port of one project's sandbox, for a while: a signed label of a host name."""

import base64
import binascii
import hashlib
import hmac
import os
import re
import struct
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

_MAC_BYTES = 14
_FORM = struct.Struct(">16sHI")
_LABEL = re.compile(r"p-([a-z2-7]{58})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pass:
    """What a label allows: one port of one project."""

    project_id: str
    port: int


class Passes:
    """Makes passes and reads them: all that have the same key know each other's."""

    def __init__(self, key: bytes | None = None, clock: Callable[[], float] = time.time) -> None:
        """Without a `key` they are good in this object alone."""
        self._key = key or os.urandom(32)
        self._clock = clock

    def make(self, project_id: str, port: int, seconds: int) -> str:
        """Return a label, good for `seconds`; at most 63 characters, as DNS wants it."""
        content = _FORM.pack(uuid.UUID(project_id).bytes, port, int(self._clock()) + seconds)
        return "p-" + base64.b32encode(content + self._mac(content)).decode().rstrip("=").lower()

    def read(self, label: str) -> Pass | None:
        """Return what a label allows, or None: it is none of ours, was changed, or is over."""
        found = _LABEL.fullmatch(label)
        if found is None:
            return None
        try:
            held = base64.b32decode(found[1].upper() + "=" * (-len(found[1]) % 8))
        except binascii.Error:
            return None
        content, mac = held[:-_MAC_BYTES], held[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(content)):
            return None
        project, port, ends = _FORM.unpack(content)
        return Pass(str(uuid.UUID(bytes=project)), port) if self._clock() < ends else None

    def _mac(self, content: bytes) -> bytes:
        return hmac.new(self._key, content, hashlib.sha256).digest()[:_MAC_BYTES]
