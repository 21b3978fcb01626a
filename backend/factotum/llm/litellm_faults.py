"""LiteLLM's exceptions read as model faults. Pure: a class is known by its name, so LiteLLM is not imported.

Its exceptions subclass openai's, and some subclass each other (ContextWindowExceededError is a
BadRequestError): walking the method resolution order takes the most specific name first.
"""

import ast
import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

import httpx

from factotum.llm.faults import FaultKind, ModelFault

_KINDS: Final[dict[str, FaultKind]] = {
    "ContextWindowExceededError": "context_overflow",
    "ContentPolicyViolationError": "content_filtered",
    "AuthenticationError": "unauthorized",
    "PermissionDeniedError": "unauthorized",
    "PaymentRequiredError": "unauthorized",
    "NotFoundError": "model_not_found",
    "LiteLLMUnknownProvider": "model_not_found",
    "RateLimitError": "rate_limited",
    "Timeout": "unreachable",
    "APITimeoutError": "unreachable",
    "UnprocessableEntityError": "bad_request",
    "BadRequestError": "bad_request",
    "ServiceUnavailableError": "overloaded",
    "BadGatewayError": "overloaded",
    "InternalServerError": "overloaded",
    "APIConnectionError": "unreachable",
    "TransportError": "unreachable",  # httpx's own, of requests that LiteLLM did not send
    "APIResponseValidationError": "broken_stream",
}

_HINTS: Final[dict[FaultKind, tuple[str, str]]] = {
    "rate_limited": ("The provider limits the rate of calls.", "Wait a little, or choose another model."),
    "overloaded": (
        "The provider is overloaded or answered with an error of its own.",
        "Try again, or choose another model.",
    ),
    "context_overflow": (
        "The conversation is longer than the model's context window.",
        "Choose a model with a larger window, or start a new thread.",
    ),
    "unauthorized": (
        "The provider refused the key.",
        "Check the key in the environment, and that the account may use this model and has credit.",
    ),
    "key_missing": (
        "No key for this model's provider was found.",
        "Set the provider's key in the environment, for example OPENAI_API_KEY, and start again.",
    ),
    "model_not_found": (
        "The provider does not know this model.",
        "Choose one that `GET /v1/models` lists, or write it as provider/name.",
    ),
    "bad_request": ("The provider refused the request.", "Choose another model, or report this request."),
    "content_filtered": ("The provider's content filter refused the request.", "Word the task differently."),
    "broken_stream": ("The answer was cut off before its end.", "Try again."),
    "unreachable": (
        "The provider could not be reached.",
        "Check the network and the address, and try again.",
    ),
    "unknown": ("The model call failed in a way that is not known.", "Try again, or choose another model."),
}

_TELLING: Final[frozenset[FaultKind]] = frozenset({"bad_request", "model_not_found", "context_overflow"})
"""Kinds whose cause is in our request, so that the provider's own words help. The others' words do not."""

_MOST_DETAIL: Final = 300
_MOST_RETRY_AFTER: Final = 24 * 3600.0
_SECRET: Final = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|key|hf|r8)[-_][A-Za-z0-9_\-*.]{6,}|\bAIza[\w\-]{6,}|\bBearer \S+|\b[\w\-]{40,}\b"
)
_PREFIX: Final = re.compile(r"^(?:litellm\.)?\w*(?:Error|Exception|Timeout)\s*(?:-|:)\s*")
_OURS: Final[frozenset[FaultKind]] = frozenset({"overloaded", "unreachable", "unauthorized", "unknown"})
_FINER: Final[tuple[tuple[frozenset[FaultKind], re.Pattern[str], FaultKind], ...]] = (
    (
        _OURS,
        re.compile(r"missing credentials|missing \w+ api key|api_key client option must be set"),
        "key_missing",
    ),
    (
        frozenset({"rate_limited", "bad_request"}),
        re.compile(r"insufficient_quota|exceeded your current quota|credit balance is too low"),
        "unauthorized",
    ),
    (
        frozenset({"bad_request"}),
        re.compile(r"llm provider not provided|unmapped llm provider"),
        "model_not_found",
    ),
    (
        frozenset({"bad_request"}),
        re.compile(r"content_filter|content management policy|content_policy"),
        "content_filtered",
    ),
)
"""Classes that LiteLLM uses for several things, told apart by what the provider or the client said."""


def fault_of(error: BaseException, *, partial: bool, secrets: Iterable[str] = ()) -> ModelFault:
    """Read an exception that LiteLLM raised. `partial`: chunks had been given; no secret is in the fault."""
    source = _source(error)
    kind = _kind(source, in_stream=source is not error, partial=partial)
    return fault_said(
        kind, str(source), partial=partial, secrets=secrets, retry_after_seconds=_retry_after(source)
    )


def fault_said(
    kind: FaultKind,
    words: str,
    *,
    partial: bool,
    secrets: Iterable[str] = (),
    retry_after_seconds: float | None = None,
) -> ModelFault:
    """Return the fault of a kind. The provider's `words` are told where they help."""
    message, hint = _HINTS[kind]
    detail = _detail(words, secrets) if kind in _TELLING else ""
    return ModelFault(
        kind,
        f"{message} It said: {detail}" if detail else message,
        hint=hint,
        partial=partial,
        retry_after_seconds=retry_after_seconds,
    )


def _source(error: BaseException) -> BaseException:
    """Return what lies under MidStreamFallbackError, which wraps every fault that comes after the headers."""
    original = getattr(error, "original_exception", None)
    return original if isinstance(original, BaseException) else error


def _kind(error: BaseException, *, in_stream: bool, partial: bool) -> FaultKind:
    kind = _named(error)
    text = f"{error} {getattr(error, 'body', '')}".lower()
    for kinds, pattern, finer in _FINER:
        if kind in kinds and pattern.search(text):
            return finer
    if kind == "bad_request" and getattr(error, "status_code", None) == HTTPStatus.FORBIDDEN:
        return "unauthorized"
    if kind == "overloaded" and not in_stream and _lost_connection(error):
        return "unreachable"
    if kind in ("unreachable", "unknown") and (partial or in_stream):
        return "broken_stream"
    return kind


def _named(error: BaseException) -> FaultKind:
    for cls in type(error).__mro__:
        if (kind := _KINDS.get(cls.__name__)) is not None:
            return kind
    return "unknown"


def _lost_connection(error: BaseException) -> bool:
    """Tell whether the cause was the network: LiteLLM calls a refused connection an InternalServerError."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, httpx.TransportError | OSError) or type(cause).__name__ == "APIConnectionError":
            return True
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return False


def _retry_after(error: BaseException) -> float | None:
    """Read Retry-After in seconds; a date or rubbish is no answer, and a day is the most."""
    headers = getattr(error, "litellm_response_headers", None)
    value = httpx.Headers(headers).get("retry-after") if headers else None
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return min(seconds, _MOST_RETRY_AFTER) if seconds >= 0 else None


def _detail(text: str, secrets: Iterable[str]) -> str:
    """Return the provider's own words, in one short line without keys."""
    while (match := _PREFIX.match(text)) is not None:
        text = text[match.end() :]
    text = " ".join(_inner_message(text).split())
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "[key]")
    text = _SECRET.sub("[key]", text)
    return text if len(text) <= _MOST_DETAIL else f"{text[:_MOST_DETAIL]}…"


def _inner_message(text: str) -> str:
    """Return `error.message` of a JSON body, which LiteLLM gives as the text of a bytes literal."""
    try:
        body = ast.literal_eval(text) if text.startswith(("b'", 'b"')) else text
        found: object = json.loads(body)["error"]["message"]
    except (ValueError, SyntaxError, TypeError, KeyError, IndexError):
        return text
    return found if isinstance(found, str) else text
