"""How a model writes a tool call."""

from typing import Literal

Dialect = Literal["native", "invoke", "tag"]
"""The provider's own form, `<invoke name="…">`, or a tag named after the tool."""
