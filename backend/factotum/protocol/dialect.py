"""How a model writes a tool call, and how it is given the results."""

from typing import Literal

XmlDialect = Literal["invoke", "tag"]
"""`<invoke name="…">`, or a tag named after the tool."""

Dialect = Literal["native", XmlDialect]
"""The provider's own form, or one of XML in the text."""

ResultPlace = Literal["user_message", "assistant_message", "inline_edit"]
"""Where the results of XML calls stand for the model: in a user message after the one that made them; at the
end of that message itself; or in it, each right behind its call."""
