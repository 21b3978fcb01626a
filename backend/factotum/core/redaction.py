"""Takes secrets out of text before it is logged, stored in an error or shown."""

import re

_MASK = "[redacted]"
_LONGEST = 10_000
# Every repetition that may end without a match is bounded, so that no text takes quadratic time.
_PATTERNS = (
    re.compile(r"(?i)(\bbearer\s{1,20})[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(
        r"(?i)((?<![a-z])(?:(?:api|access|secret|private)[_-]?key|token|secret|password|passwd|authorization)"
        r"\b[\"']?\s{0,20}[=:]\s{0,20}[\"']?)[^\s\"',;&]{6,}"
    ),
    re.compile(rf"(\b[a-z][a-z0-9+.-]{{0,30}}://[^\s:/@]{{0,200}}:)[^\s@/]{{1,{_LONGEST}}}(?=@)"),
    re.compile(
        r"()\b(?:sk|pk|rk|gsk|xai|tvly|hf|xox[abps]|gh[pousr]|github_pat|dtn|ftm)[-_][A-Za-z0-9_-]{12,}"
    ),
    re.compile(rf"()\beyJ[A-Za-z0-9_-]{{10,1000}}\.[A-Za-z0-9_-]{{10,{_LONGEST}}}\.[A-Za-z0-9_-]*"),
    re.compile(r"()\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"()\bAIza[0-9A-Za-z_-]{30,}"),
)


def redact(text: str) -> str:
    """Return `text` with what looks like a credential replaced: tokens, keys, passwords in addresses."""
    for pattern in _PATTERNS:
        text = pattern.sub(lambda match: match.group(1) + _MASK, text)
    return text
