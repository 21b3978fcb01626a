"""Takes secrets out of text before it is logged, stored in an error or shown."""

import re

_MASK = "[redacted]"
_PATTERNS = (
    re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(
        r"(?i)(\b(?:api[_-]?key|token|secret|password|authorization)\b[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]{6,}"
    ),
    re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(?=@)"),
    re.compile(r"()\b(?:sk|pk|rk|xox[abps]|gh[pousr]|dtn|ftm)[-_][A-Za-z0-9_-]{12,}"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"),
    re.compile(r"()\bAKIA[0-9A-Z]{16}\b"),
)


def redact(text: str) -> str:
    """Return `text` with what looks like a credential replaced: tokens, keys, passwords in addresses."""
    for pattern in _PATTERNS:
        text = pattern.sub(lambda match: match.group(1) + _MASK, text)
    return text
