"""Every fault a script can play, seen from a client."""

import asyncio
import time

import httpx
import openai
import pytest
from provider_clients import ask_anthropic, events_of, hear, http_client, raw_pieces

from factotum.testing.provider import Journal, ScriptedProvider, load_script


def last_outcome(outcome: str):
    def holds(journal: Journal) -> bool:
        return bool(journal.exchanges) and journal.exchanges[-1].outcome == outcome

    return holds


async def collect(pieces: list[bytes], provider: ScriptedProvider) -> None:
    async for piece in raw_pieces(provider):
        pieces.append(piece)


async def test_every_byte_position_as_the_place_of_the_cut():
    turn = {"items": ["aé日\U0001d11e"], "cut": 2}
    async with ScriptedProvider([turn]) as provider, http_client() as client:
        whole = b"".join([piece async for piece in raw_pieces(provider)])
        for place in range(1, len(whole)):
            provider.script = load_script([turn | {"bytes_cut": [place, 1_000_000]}])
            pieces = [piece async for piece in raw_pieces(provider, client=client)]
            assert [len(piece) for piece in pieces] == [place, len(whole) - place]
            assert b"".join(pieces) == whole


async def test_client_reads_a_stream_cut_at_every_byte():
    turn = {"items": ["aé日\U0001d11e"], "bytes_cut": 1}
    async with ScriptedProvider([turn]) as provider:
        assert (await hear(provider)).text == "aé日\U0001d11e"
        events = events_of((await ask_anthropic(provider, stream=True)).text)
    assert events[-1] == {"type": "message_stop"}


async def test_error_comes_so_many_times_and_then_the_turn():
    turn = {"error": {"kind": "rate_limited", "times": 2, "retry_after": 0.5}, "items": ["at last"]}
    async with ScriptedProvider([turn]) as provider:
        for _ in range(2):
            with pytest.raises(openai.RateLimitError) as caught:
                await hear(provider)
            assert caught.value.response.headers["retry-after"] == "0.5"
        assert (await hear(provider)).text == "at last"
        assert (await hear(provider)).text == "at last"
        with pytest.raises(openai.RateLimitError):
            await hear(provider, {"role": "user", "content": "another conversation"})
        assert [exchange.attempt for exchange in provider.journal.exchanges] == [1, 2, 3, 4, 1]
        provider.reset()
        with pytest.raises(openai.RateLimitError):
            await hear(provider)


async def test_before_plays_other_things_at_the_first_attempts():
    turn = {"before": [["hal", {"break": True}], {"error": "server"}], "items": ["whole"]}
    async with ScriptedProvider([turn]) as provider:
        with pytest.raises((httpx.RemoteProtocolError, openai.APIConnectionError)):
            await hear(provider)
        with pytest.raises(openai.InternalServerError):
            await hear(provider)
        assert (await hear(provider)).text == "whole"


@pytest.mark.parametrize(
    ("how", "error"),
    [("close", httpx.RemoteProtocolError), ("reset", httpx.ReadError), (True, httpx.RemoteProtocolError)],
)
async def test_break_within_the_body(how: object, error: type[Exception]):
    async with ScriptedProvider([["so far", {"stall": 0.05}, {"break": how}, "never"]]) as provider:
        pieces: list[bytes] = []
        with pytest.raises(error):
            await collect(pieces, provider)
        body = b"".join(pieces)
        await provider.journal.until(last_outcome("broken_by_script"))
    assert b"so far" in body
    assert b"never" not in body


async def test_body_that_ends_before_the_message_does():
    async with ScriptedProvider([["so far", {"break": "end"}]]) as provider:
        heard = await hear(provider)
    assert (heard.text, heard.finish) == ("so far", None)


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_break_of_a_whole_answer(how: str):
    async with ScriptedProvider([["x", {"break": how}]]) as provider:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await ask_anthropic(provider)


async def test_half_of_a_whole_answer():
    async with ScriptedProvider([["x", {"break": "end"}]]) as provider:
        response = await ask_anthropic(provider)
    assert response.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        response.json()


async def test_stall_lasts_until_the_client_goes_and_is_in_the_journal():
    async with ScriptedProvider([["one", {"stall": "forever"}, "never"]]) as provider:
        async for piece in raw_pieces(provider):
            if b"one" in piece:
                break
        await provider.journal.until(last_outcome("client_gone"))
        assert provider.journal.exchanges[-1].chunks == 2
        assert "after 2 chunks" in str(provider.journal.exchanges[-1].problem)


async def test_stall_for_a_time_then_goes_on():
    async with ScriptedProvider([["one ", {"stall": 0.2}, "two"]]) as provider:
        start = time.monotonic()
        assert (await hear(provider)).text == "one two"
    assert 0.2 <= time.monotonic() - start < 20


async def test_first_delay_and_delays_between_chunks():
    turn = {"items": ["abcd"], "first_delay": 0.15, "delay": 0.05, "cut": 1}
    async with ScriptedProvider([turn]) as provider:
        start = time.monotonic()
        times: list[float] = []
        async for _ in raw_pieces(provider):
            times.append(time.monotonic() - start)
    assert times[0] >= 0.15
    assert times[-1] >= 0.35


async def test_pings_say_nothing():
    async with ScriptedProvider([["a", {"ping": True, "repeat": 3}, "b"]]) as provider:
        assert (await hear(provider)).text == "ab"
        events = events_of((await ask_anthropic(provider, stream=True)).text)
    assert [event["type"] for event in events].count("ping") == 4


@pytest.mark.parametrize("stream", [True, False])
async def test_empty_body(stream: bool):
    async with ScriptedProvider([{"empty": True}]) as provider:
        response = await ask_anthropic(provider, stream=stream)
    assert (response.status_code, response.content) == (200, b"")


async def test_turn_without_items_is_a_message_that_says_nothing():
    async with ScriptedProvider([{"items": []}]) as provider:
        heard = await hear(provider)
        whole = (await ask_anthropic(provider)).json()
    assert (heard.text, heard.finish) == ("", "stop")
    assert (whole["content"], whole["stop_reason"]) == ([], "end_turn")


async def test_garbage_as_the_body_and_in_the_stream():
    script = {
        "scenarios": [
            {"match": "page", "turns": [{"garbage": "<html>502</html>"}]},
            {"turns": [["a", {"garbage": "data: {not json\n\n"}, "b"]]},
        ]
    }
    async with ScriptedProvider(script) as provider:
        response = await ask_anthropic(provider, {"role": "user", "content": "page"})
        assert (response.text, response.headers["content-type"]) == ("<html>502</html>", "text/html")
        body = b"".join([piece async for piece in raw_pieces(provider)])
    assert b"\n\ndata: {not json\n\ndata: " in body


async def test_endless_text_ends_when_the_client_goes():
    async with ScriptedProvider([[{"text": "on and on ", "repeat": "forever"}]]) as provider:
        count = 0
        async for piece in raw_pieces(provider):
            count += piece.count(b"on and on")
            if count > 500:
                break
        await provider.journal.until(last_outcome("client_gone"))
        refused = await ask_anthropic(provider)
    assert refused.status_code == 400
    assert "for ever" in refused.json()["error"]["message"]


async def test_hundred_streams_side_by_side():
    async def one(provider: ScriptedProvider, number: int) -> int:
        user = {"role": "user", "content": f"hello {number}"}
        body = b"".join([piece async for piece in raw_pieces(provider, user)])
        return body.count(b"word ")

    turn = {"items": [{"text": "word ", "repeat": 20}], "delay": 0.005}
    async with ScriptedProvider([turn]) as provider:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(provider, number)) for number in range(100)]
        assert [task.result() for task in tasks] == [20] * 100
