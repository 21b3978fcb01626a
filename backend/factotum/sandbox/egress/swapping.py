"""Puts secrets in the place of their placeholders on the way out, and takes them out of what comes back.

Sans-IO. Law: however a body's bytes are cut, what comes out is the same; and what is held back between two
pieces is no more than what may still become a secret.
"""

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from factotum.protocol.network import covers

_SHORTEST_FORM = 6
_PATH_SAFE = "/:@!$'()*,;="
_CREDENTIALS = frozenset({b"authorization"})


@dataclass(frozen=True, slots=True)
class HeldSecret:
    """A secret while a run may use it: never printed, and never given to the sandbox.

    `placeholder` is what programs have in its place. `hosts`: where the value may go.
    """

    name: str
    hosts: tuple[str, ...]
    placeholder: str
    value: bytes = field(repr=False)

    def is_for(self, host: str) -> bool:
        """Whether the value may be sent to a host, in its one form."""
        return any(covers(pattern, host) for pattern in self.hosts)


class Swap:
    """The secrets of one host. `used` are the names of those whose value went there."""

    def __init__(self, secrets: Sequence[HeldSecret]) -> None:
        self._secrets = tuple(secrets)
        self._forms = {form: each.placeholder.encode() for each in secrets for form in _forms(each.value)}
        self._pattern = _any_of(self._forms)
        self.used: set[str] = set()

    def target(self, target: bytes) -> bytes:
        """Put values into a request's path and query, written as those are."""
        path, mark, query = target.partition(b"?")
        return self._replaced(path, _PATH_SAFE) + mark + self._replaced(query, "")

    def header(self, name: bytes, value: bytes) -> bytes:
        """Put values into a request's header, also inside of `Authorization: Basic`."""
        scheme, space, encoded = value.partition(b" ")
        if name.lower() in _CREDENTIALS and scheme.lower() == b"basic":
            try:
                plain = base64.b64decode(encoded.strip(), validate=True)
            except (binascii.Error, ValueError):
                return self._replaced(value)
            filled = self._replaced(plain)
            return value if filled == plain else scheme + space + base64.b64encode(filled)
        return self._replaced(value)

    def redacted(self, text: bytes) -> bytes:
        """Put placeholders in the place of values, in what is whole: a header of an answer."""
        return self._pattern.sub(lambda found: self._forms[found.group()], text)

    def body(self) -> "Redactor":
        """Return what does the same for a body that comes in pieces."""
        return Redactor(self._pattern, self._forms)

    def _replaced(self, text: bytes, safe: str | None = None) -> bytes:
        for secret in self._secrets:
            mark = secret.placeholder.encode()
            if mark in text:
                self.used.add(secret.name)
                value = secret.value if safe is None else quote(secret.value, safe=safe).encode()
                text = text.replace(mark, value)
        return text


class Redactor:
    """One body. The leftmost form counts, and of those that begin there the longest."""

    def __init__(self, pattern: re.Pattern[bytes], forms: dict[bytes, bytes]) -> None:
        self._pattern = pattern
        self._forms = forms
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what may go on by now."""
        text, start, out = self._held + data, 0, bytearray()
        open_from = self._open_from(text, start)
        while (found := self._pattern.search(text, start)) is not None and found.start() < open_from:
            out += text[start : found.start()] + self._forms[found.group()]
            start = found.end()
            if open_from < start:
                open_from = self._open_from(text, start)
        self._held = text[open_from:]
        return bytes(out + text[start:open_from])

    def close(self) -> bytes:
        """Return the rest: nothing more comes that could make it longer."""
        rest, self._held = self._held, b""
        return self._pattern.sub(lambda found: self._forms[found.group()], rest)

    def _open_from(self, text: bytes, start: int) -> int:
        """Return where the first form begins that the end of the text cuts off; its length if none does."""
        first = len(text)
        for form in self._forms:
            place = text.find(form[:1], max(start, len(text) - len(form) + 1))
            while 0 <= place < first:
                if form.startswith(text[place:]):
                    first = place
                place = text.find(form[:1], place + 1)
        return first


def swap_for(host: str, secrets: Iterable[HeldSecret]) -> Swap | None:
    """Return what the secrets of a host need, or None where none is for it."""
    its = [secret for secret in secrets if secret.is_for(host)]
    return Swap(its) if its else None


def _any_of(forms: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))


def _forms(value: bytes) -> set[bytes]:
    """Return how an answer may write a value: plain, quoted for addresses, JSON or HTML, and as base64."""
    text = value.decode("utf-8")
    percent = quote(text, safe="")
    plain = {
        text,
        percent,
        re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), percent),
        percent.replace("%20", "+"),
        quote(text, safe=_PATH_SAFE),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        json.dumps(text)[1:-1].replace("/", "\\/"),
        html.escape(text),
    }
    forms = {form.encode() for form in plain} | set(_base64_forms(value))
    return {form for form in forms if len(form) >= _SHORTEST_FORM}


def _base64_forms(value: bytes) -> Iterable[bytes]:
    """Yield the letters that a value gives in base64, wherever in a longer text it stands (`user:value`)."""
    for before in range(3):
        # The first letters also hold bits of what stands before, the last ones of what comes after.
        first, end = (0, 2, 3)[before], (before + len(value)) // 3 * 4
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + value)[first:end]
    yield base64.b64encode(value)
    yield base64.urlsafe_b64encode(value)
