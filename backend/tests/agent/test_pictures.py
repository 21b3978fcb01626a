"""Images that tools give: in the log by name, in a request with their bytes, for models that can see."""

import base64
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.agent.config import ProcessorConfig
from factotum.agent.pictures import GO_AT_ONCE, MOST_SHOWN, TOKENS, picture_tokens, placeholders
from factotum.agent.transcript import bytes_of, tokens_of
from factotum.llm.port import ModelRequest
from factotum.protocol.dialect import Dialect, ResultPlace
from factotum.protocol.messages import ToolResultPart
from factotum.testing.memory_journal import MemoryRun
from factotum.testing.scripted_gateway import ScriptedGateway, TurnGateway, reply
from tests.agent.agent_support import COUNT, World, check_prefixes, picture
from tests.agent.scenarios import DONE, act


def url(name: str) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture(name).data).decode()}"


def seen(request: ModelRequest) -> list[str]:
    """Return the addresses of the images that a request shows."""
    contents = [message["content"] for message in request.messages]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return [
        cast("dict[str, Any]", part)["image_url"]["url"] for part in parts if "image_url" in cast("Any", part)
    ]


async def played(world: World, *turns: Sequence[str]) -> list[ModelRequest]:
    gateway = ScriptedGateway([*(act(world.config.dialect, *names) for names in turns), reply(DONE)])
    await world.work(gateway)
    check_prefixes(gateway.requests)
    return gateway.requests


@pytest.mark.parametrize("place", ["user_message", "assistant_message", "inline_edit"])
@pytest.mark.parametrize("dialect", ["native", "invoke", "tag"])
async def test_an_image_follows_the_results(dialect: Dialect, place: ResultPlace) -> None:
    world = World(ProcessorConfig(dialect=dialect, vision=True, xml_adding_strategy=place))
    requests = await played(world, ("show:a", "look:x", "show:b"))
    assert [seen(request) for request in requests] == [[], [url("a"), url("b")]]
    last = requests[-1].messages
    shown = [number for number, message in enumerate(last) if isinstance(message["content"], list)]
    assert all(message["role"] == "user" for message in (last[number] for number in shown))
    assert not any(message["role"] == "tool" for message in last[shown[0] :])
    caption = cast("Any", last[shown[0]]["content"])[0]["text"]
    assert caption.startswith("<context>The image a.png, 4 x 3 pixels, that call ")
    assert "base64" not in "".join(message.model_dump_json() for message in world.messages)


async def test_a_model_that_cannot_see_is_told_so() -> None:
    world = World(ProcessorConfig())
    await played(world, ("show:a",))
    assert world.run.thread.pictures == {}
    assert "images" not in world.messages[2].model_dump_json()
    sees = World(ProcessorConfig(vision=True))
    await played(sees, ("show:a",))
    again = World(ProcessorConfig(), run=MemoryRun(sees.run.thread, "And now?"))
    requests = await played(again)
    assert seen(requests[0]) == []
    assert "a.png, 4 x 3 pixels" in str(requests[0].messages)
    assert "does not read images.</context>" in str(requests[0].messages)


async def test_the_next_run_sees_it_too_while_it_is_kept() -> None:
    first = World(ProcessorConfig(vision=True))
    await played(first, ("show:a",))
    again = World(ProcessorConfig(vision=True), run=MemoryRun(first.run.thread, "And now?"))
    assert seen((await played(again))[0]) == [url("a")]
    first.run.thread.pictures.clear()
    last = World(ProcessorConfig(vision=True), run=MemoryRun(first.run.thread, "And now?"))
    requests = await played(last)
    assert seen(requests[0]) == []
    assert "not shown any more" in str(requests[0].messages)


@given(st.integers(0, 60))
@settings(max_examples=20)
async def test_only_the_newest_are_shown_and_they_change_together(number: int) -> None:
    world = World(ProcessorConfig(vision=True), window=1_000_000)
    gateway = TurnGateway([act("native", *(f"show:{n}" for n in range(number)), "look:x"), reply(DONE)])
    await world.work(gateway)
    shown = seen(gateway.requests[-1])
    assert len(shown) <= MOST_SHOWN
    assert shown == [url(str(n)) for n in range(number)][number - len(shown) :]
    assert (number - len(shown)) % GO_AT_ONCE == 0
    assert len(shown) == number or len(shown) > MOST_SHOWN - GO_AT_ONCE


def test_an_image_counts_what_providers_take() -> None:
    result = ToolResultPart(call_id="c", name="<show>", output="x", images=(picture("a<b").ref,))
    (message,) = placeholders(result)
    assert "a&lt;b.png" in str(message)
    assert "<show>" not in str(message)
    assert picture_tokens(message) == TOKENS
    assert picture_tokens({"role": "user", "content": "x"}) == 0
    assert picture_tokens({"role": "user", "content": [{"type": "text", "text": "x"}]}) == 0
    assert bytes_of([message]) > tokens_of([message], COUNT) > TOKENS
