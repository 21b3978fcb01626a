"""What a person typed into fields for secrets: it is taken out of everything that is said outside."""

# pyright: basic, reportMissingImports=false, reportOptionalMemberAccess=false
# Playwright is a package of the sandbox's Python, not of the service's.

import asyncio
import html
import json
from urllib.parse import quote, quote_plus

from playwright.async_api import Error, Page

SHORTEST = 4
MOST = 50
MOST_FRAMES = 20
SECONDS = 1.0
SHOWN = "••••••"
NOT_TEXT = ("jpeg", "mark")

# The field that is typed into, also in shadow roots, if it is one for secrets: also one that shows its text.
FIELD = """() => {
  let field = document.activeElement
  while (field?.shadowRoot?.activeElement) field = field.shadowRoot.activeElement
  if (!(field instanceof HTMLInputElement)) return ''
  const named = [field.autocomplete, field.name, field.id].join(' ')
  const secret = field.type === 'password'
    || /passw|passphrase|pwd|secret|token|one-time|otp|cc-number|cc-csc|\\bpin\\b/i.test(named)
  return secret ? field.value : ''
}"""


class Hidden:
    """The secrets of this browser's time. They are kept here alone, in the memory of this process."""

    def __init__(self) -> None:
        self.values: list[str] = []

    async def look(self, page: Page) -> None:
        """Remember what stands in the field that was just typed into."""
        for frame in page.frames[:MOST_FRAMES]:
            try:
                async with asyncio.timeout(SECONDS):
                    value = await frame.evaluate(FIELD)
            except (TimeoutError, Error):
                continue
            if isinstance(value, str):
                self.add(value)

    def add(self, value: str) -> None:
        """Remember one; what it grew from is forgotten."""
        if len(value) >= SHORTEST:
            kept = [known for known in self.values if not value.startswith(known)]
            self.values = [*kept[-MOST:], value]

    def clean(self, said: object) -> object:
        """Return what is to be said without the secrets, also as they stand in addresses and in JSON."""
        if not self.values:
            return said
        if isinstance(said, dict):
            return {name: value if name in NOT_TEXT else self.clean(value) for name, value in said.items()}
        if isinstance(said, (list, tuple)):
            return [self.clean(each) for each in said]
        return self.cleaned(said) if isinstance(said, str) else said

    def cleaned(self, text: str) -> str:
        """Return a text without them, the longest first."""
        for value in sorted(self.values, key=len, reverse=True):
            for form in {
                value,
                quote(value),
                quote(value, safe=""),
                quote_plus(value),
                html.escape(value),
                json.dumps(value)[1:-1],
            }:
                text = text.replace(form, SHOWN)
        return text
