"""The pass to a port of a sandbox, or to a published site, for a while: a signed label of a host name."""

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
_SITE_FORM = struct.Struct(">16sI")
_SITE_LABEL = re.compile(r"s-([a-z2-7]{55})", re.ASCII)


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
        return "p-" + self._signed(
            _FORM.pack(uuid.UUID(project_id).bytes, port, int(self._clock()) + seconds)
        )

    def make_site(self, site_id: str, seconds: int) -> str:
        """Return a label for a published site, good for `seconds`."""
        return "s-" + self._signed(_SITE_FORM.pack(uuid.UUID(site_id).bytes, int(self._clock()) + seconds))

    def read(self, label: str) -> Pass | None:
        """Return what a label allows, or None: it is none of ours, was changed, or is over."""
        content = self._checked(_LABEL.fullmatch(label))
        if content is None:
            return None
        project, port, ends = _FORM.unpack(content)
        return Pass(str(uuid.UUID(bytes=project)), port) if self._clock() < ends else None

    def read_site(self, label: str) -> str | None:
        """Return the id of the site that a label allows, or None."""
        content = self._checked(_SITE_LABEL.fullmatch(label))
        if content is None:
            return None
        site, ends = _SITE_FORM.unpack(content)
        return str(uuid.UUID(bytes=site)) if self._clock() < ends else None

    def _signed(self, content: bytes) -> str:
        return base64.b32encode(content + self._mac(content)).decode().rstrip("=").lower()

    def _checked(self, found: "re.Match[str] | None") -> bytes | None:
        if found is None:
            return None
        try:
            held = base64.b32decode(found[1].upper() + "=" * (-len(found[1]) % 8))
        except binascii.Error:
            return None
        content, mac = held[:-_MAC_BYTES], held[-_MAC_BYTES:]
        return content if hmac.compare_digest(mac, self._mac(content)) else None

    def _mac(self, content: bytes) -> bytes:
        return hmac.new(self._key, content, hashlib.sha256).digest()[:_MAC_BYTES]
