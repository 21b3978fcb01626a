"""Images in a conversation: where they stand, what they count, and how their bytes come into a request.

OpenAI's wire takes no image in a tool's result, so each follows the results as a message of its own; for
Anthropic's the gateway joins them. Messages are rendered with an image's id in the place of its bytes; only a
request holds those. Of many images the newest are shown: which, follows from the messages alone, and changes
with every tenth image only, so that requests go on to begin alike.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from pydantic import JsonValue

from factotum.agent.ports import RunJournal
from factotum.llm.ready import ReadyMessage
from factotum.parsing.entities import escape
from factotum.protocol.messages import Message, ToolResultPart

ModelMessage = Mapping[str, JsonValue]

TOKENS: Final = 1_600
"""What an image counts: the most that providers take for one as large as `see_image` makes it."""
MOST_SHOWN: Final = 20
GO_AT_ONCE: Final = 10

_SCHEME: Final = "factotum:"
_GONE: Final = "It is not shown any more, to save room: look at it again if you need it."
_BLIND: Final = "It is not shown: the model of this run does not read images."


class Gallery:
    """The images of one thread as a run shows them. It holds the bytes of those that are shown, no others."""

    def __init__(self, journal: RunJournal, *, shows: bool) -> None:
        self._journal = journal
        self._shows = shows
        self._has_any = False
        self._ready: dict[tuple[str, str], ReadyMessage] = {}

    async def load(self, fresh: Iterable[Message], read: Callable[[], Sequence[ModelMessage]]) -> None:
        """Get the bytes of what the messages of `read` show, now that `fresh` ones came.

        Costs nothing in a thread without images.
        """
        self._has_any = self._has_any or any(map(_has_image, fresh))
        if not (self._has_any and self._shows):
            return
        shown = {key: message for message in _shown(read()) if (key := _key(message)) is not None}
        missing = {id_ for id_, caption in shown if (id_, caption) not in self._ready}
        none: Mapping[str, bytes] = {}
        found = await self._journal.pictures(missing) if missing else none
        self._ready = {
            key: self._ready.get(key) or _filled(message, found.get(key[0])) for key, message in shown.items()
        }

    def hung(self, messages: Sequence[ModelMessage]) -> Sequence[ModelMessage]:
        """Return the messages as they are sent, each image with its bytes, or with a word on why not."""
        if not self._has_any:
            return messages
        why = _GONE if self._shows else _BLIND
        return [self._ready.get(key) or _without(m, why) if (key := _key(m)) else m for m in messages]


def placeholders(result: ToolResultPart) -> list[ModelMessage]:
    """Return the messages that show the images of a result, with ids in the place of bytes."""
    return [
        ReadyMessage(
            {
                "role": "user",
                "content": [
                    {
                        "type": "text",
                        "text": f"<context>The image {escape(image.path)}, {image.width} x {image.height} "
                        f"pixels, that call {escape(result.call_id)} of {escape(result.name)} returned."
                        "</context>",
                    },
                    {"type": "image_url", "image_url": {"url": f"{_SCHEME}{image.media_type}:{image.id}"}},
                ],
            }
        )
        for image in result.images
    ]


def picture_tokens(message: ModelMessage) -> int:
    """Return what the image of a message counts; nothing without one."""
    return 0 if _key(message) is None else TOKENS


def _has_image(message: Message) -> bool:
    return any(isinstance(part, ToolResultPart) and part.images for part in message.parts)


def _content(message: ModelMessage) -> list[dict[str, Any]]:
    content = message.get("content")
    return cast("list[dict[str, Any]]", content) if isinstance(content, list) else []


def _key(message: ModelMessage) -> tuple[str, str] | None:
    """Return the image's id and its caption if a message is a placeholder."""
    match _content(message):
        case [{"text": str(caption)}, {"image_url": {"url": str(url)}}] if url.startswith(_SCHEME):
            return url.rpartition(":")[2], caption
        case _:
            return None


def _shown(messages: Iterable[ModelMessage]) -> list[ModelMessage]:
    """Return the placeholders that are filled: the newest."""
    all_ = [message for message in messages if _key(message) is not None]
    over = max(len(all_) - MOST_SHOWN, 0)
    return all_[-(-over // GO_AT_ONCE) * GO_AT_ONCE :]


def _filled(message: ModelMessage, data: bytes | None) -> ReadyMessage:
    if data is None:
        return _without(message, _GONE)
    caption, image = _content(message)
    media_type = str(image["image_url"]["url"]).split(":")[1]
    url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    return ReadyMessage(
        {"role": "user", "content": [caption, {"type": "image_url", "image_url": {"url": url}}]}
    )


def _without(message: ModelMessage, why: str) -> ReadyMessage:
    caption, _ = _content(message)
    text = str(caption["text"]).replace("</context>", f" {why}</context>")
    return ReadyMessage({"role": "user", "content": text})
