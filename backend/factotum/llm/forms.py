"""Requests as LiteLLM shapes them, learned from those it sent: all but the messages, which are ours already.

Shaping one request costs LiteLLM milliseconds, and more with each message of the history, though between two
turns of a run nothing but the messages differs. So the first request of a kind goes through LiteLLM. If it
sent our messages unchanged, the next one is its address, headers and body around the new messages. A message
of a shape that was not seen yet, whatever else is asked for, and every failure go through LiteLLM again.

Threads differ in their cache key alone, so that is put in as the messages are: a new thread needs no LiteLLM.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import httpx
import orjson
from pydantic import JsonValue

from factotum.llm.ready import Shape, all_serialised, without_nulls

_PLAIN: Final = frozenset({"openai", "hosted_vllm", "lm_studio"})
"""LiteLLM's providers that it sends messages to one by one as they are, wherever they stand."""
_CACHE_KEY: Final = "prompt_cache_key"
_OWN_HEADERS: Final = frozenset({"content-length", "transfer-encoding"})

Messages = Sequence[Mapping[str, JsonValue]]


@dataclass(slots=True)
class Form:
    """One kind of request. `provider` and `model` are LiteLLM's names, by which it is priced."""

    provider: str
    model: str
    url: httpx.URL
    headers: list[tuple[str, str]] = field(repr=False)
    rest: bytes
    """The body after the messages, from the bracket that closes them, up to its own end."""
    shapes: set[Shape]
    """The messages that LiteLLM was seen to leave as they are."""

    def body(self, messages: Messages, cache_key: str | None) -> bytes | None:
        """Return the body for these messages, None if LiteLLM might change one of them."""
        try:
            known = all_serialised(messages)
        except TypeError:
            return None
        if not self.shapes.issuperset([shape for _, shape in known]):
            return None
        end = b"}" if cache_key is None else b',"%b":%b}' % (_CACHE_KEY.encode(), orjson.dumps(cache_key))
        return b'{"messages":[' + b",".join([data for data, _ in known]) + self.rest + end


class Forms:
    """The forms of one gateway, by what LiteLLM was asked for; at most `most`, the oldest unused one goes."""

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._forms: OrderedDict[bytes, Form | None] = OrderedDict()

    def find(self, arguments: Mapping[str, Any]) -> Form | None:
        """Return the form of a call of LiteLLM, its messages and cache key apart; None: there is none."""
        key = _key(arguments)
        form = self._forms.get(key)
        if form is not None:
            self._forms.move_to_end(key)
        return form

    def learn(
        self, arguments: Mapping[str, Any], messages: Messages, sent: httpx.Request, provider: str, model: str
    ) -> None:
        """Take note of a request that was answered; `sent` is what LiteLLM made of the call."""
        key = _key(arguments)
        if provider not in _PLAIN or self._forms.get(key, _UNKNOWN) is None:
            return
        cache_key = arguments.get(_CACHE_KEY)
        self._forms[key] = _form(messages, cache_key, sent, provider, model, self._forms.get(key))
        if len(self._forms) > self._most:
            self._forms.popitem(last=False)

    def forget(self, arguments: Mapping[str, Any]) -> None:
        """Let LiteLLM shape the next request of this kind: this one was not answered well."""
        self._forms.pop(_key(arguments), None)


_UNKNOWN: Final = Form("", "", httpx.URL(), [], b"", set())


def _key(arguments: Mapping[str, Any]) -> bytes:
    """Return a hash: the tools alone are tens of kilobytes, and there is a secret among the arguments."""
    kind = {**arguments, _CACHE_KEY: _CACHE_KEY in arguments}
    return blake2b(orjson.dumps(kind, default=repr, option=orjson.OPT_SORT_KEYS), digest_size=32).digest()


def _form(
    messages: Messages,
    cache_key: str | None,
    sent: httpx.Request,
    provider: str,
    model: str,
    known: Form | None,
) -> Form | None:
    """Read a request; None for good if LiteLLM changed the messages, or the cache key."""
    body = orjson.loads(sent.content)
    if body.pop("messages", None) != list(map(without_nulls, messages)):
        return None
    if body.pop(_CACHE_KEY, None) != cache_key:
        return None
    headers = [(name, value) for name, value in sent.headers.items() if name not in _OWN_HEADERS]
    shapes = {shape for _, shape in all_serialised(messages) if shape is not None}
    rest = b"]," + orjson.dumps(body)[1:-1]
    return Form(provider, model, sent.url, headers, rest, shapes | (known.shapes if known else set()))
