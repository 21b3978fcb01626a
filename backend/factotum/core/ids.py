"""Identifiers: time-ordered UUIDs, and names that are the same for the same inputs."""

import os
import time
import uuid

_NAMESPACE = uuid.UUID("6f2f5a0e-6d2c-5d0e-9f7a-0c6d4e5b8a11")


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562 §5.7) as text: 48 bits of milliseconds, 12 of their fraction, 62 random bits.

    Ids made later sort later, also within a millisecond (§6.2, method 3): indexes on them stay dense, and
    the runs of a thread have an order.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    random = int.from_bytes(os.urandom(8), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76
    value |= (nanoseconds * 4096 // 1_000_000) << 64
    value |= 0b10 << 62
    value |= random & 0x3FFF_FFFF_FFFF_FFFF
    return str(uuid.UUID(int=value))


def derived_id(*parts: str | int) -> str:
    """Return the UUIDv5 of `parts`: the same parts always give the same id."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(str(part) for part in parts)))


def is_id(text: str) -> bool:
    """Tell whether `text` is a UUID in its canonical form."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
