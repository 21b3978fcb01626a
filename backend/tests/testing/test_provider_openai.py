"""The real OpenAI client against the scripted provider."""

from typing import Any

import openai
import pytest
from provider_clients import OPENAI_TOOLS, USER, hear, openai_client, raw_pieces

from factotum.testing.provider import ScriptedProvider

CALLS: Any = [
    [{"reasoning": "Let me see. "}, "I look.", {"call": "shell", "arguments": {"command": "ls -l"}}],
    ["All done."],
]


async def test_stream_has_reasoning_text_call_finish_and_usage():
    async with ScriptedProvider(CALLS) as provider:
        heard = await hear(provider, tools=OPENAI_TOOLS, stream_options={"include_usage": True})
    assert (heard.reasoning, heard.text, heard.finish) == ("Let me see. ", "I look.", "tool_calls")
    (call,) = heard.calls.values()
    assert call["name"] == "shell"
    assert call["arguments"] == '{"command":"ls -l"}'
    assert call["id"].startswith("call_")
    assert heard.usage.total_tokens == heard.usage.prompt_tokens + heard.usage.completion_tokens


async def test_usage_is_sent_only_when_asked_for():
    async with ScriptedProvider(["hi"]) as provider:
        assert (await hear(provider)).usage is None


async def test_usage_of_the_script_is_reported():
    usage = {"input": 100, "cached": 60, "output": 7, "reasoning": 3}
    async with ScriptedProvider([{"items": ["hi"], "usage": usage}]) as provider:
        heard = await hear(provider, stream_options={"include_usage": True})
    assert (heard.usage.prompt_tokens, heard.usage.completion_tokens) == (100, 7)
    assert heard.usage.prompt_tokens_details.cached_tokens == 60
    assert heard.usage.completion_tokens_details.reasoning_tokens == 3


async def test_whole_answer_says_the_same_as_the_stream():
    async with ScriptedProvider(CALLS) as provider, openai_client(provider) as client:
        streamed = await hear(provider, tools=OPENAI_TOOLS)
        completions: Any = client.chat.completions
        whole = await completions.create(model="m", messages=[USER], tools=OPENAI_TOOLS)
    choice = whole.choices[0]
    (call,) = choice.message.tool_calls
    assert (choice.message.content, choice.finish_reason) == (streamed.text, streamed.finish)
    assert {
        "id": call.id,
        "name": call.function.name,
        "arguments": call.function.arguments,
    } == streamed.calls[0]


async def test_first_chunk_carries_the_role_and_the_last_line_is_done():
    async with ScriptedProvider(["hi"]) as provider:
        body = b"".join([piece async for piece in raw_pieces(provider)]).decode()
    lines = body.split("\n\n")
    assert '"delta":{"role":"assistant"' in lines[0]
    assert lines[-2:] == ["data: [DONE]", ""]
    assert '"finish_reason":"stop"' in lines[-3]


@pytest.mark.parametrize("cut", [1, 3, [1, 5, 2], 1000])
async def test_cut_changes_the_chunks_and_not_the_words(cut: object):
    text = "Grüße aus Łódź, 日本"
    turn = {"items": [text, {"call": "shell", "arguments": {"command": text}}], "cut": cut}
    async with ScriptedProvider([turn]) as provider:
        heard = await hear(provider, tools=OPENAI_TOOLS)
    assert heard.text == text
    assert heard.calls[0]["arguments"] == f'{{"command":"{text}"}}'
    if cut == 1:
        assert heard.chunks == 1 + len(text) + 1 + len(heard.calls[0]["arguments"]) + 1


async def test_parallel_calls_are_interleaved():
    calls = [
        {"call": "shell", "arguments": {"command": "x" * 30}},
        {"call": "read_file", "arguments": {"path": "y" * 30}},
    ]
    async with ScriptedProvider([{"items": [{"parallel": calls}], "cut": 5}]) as provider:
        heard = await hear(provider, tools=OPENAI_TOOLS)
        body = b"".join([piece async for piece in raw_pieces(provider, tools=OPENAI_TOOLS)]).decode()
    assert [call["name"] for call in heard.calls.values()] == ["shell", "read_file"]
    assert heard.calls[1]["arguments"] == '{"path":"' + "y" * 30 + '"}'
    assert body.index("yyyyy") < body.rindex("xxxxx")


async def test_late_call_names_itself_after_its_first_arguments():
    turn = {"items": [{"call": "shell", "arguments": {"command": "ls"}, "late": True}], "cut": 4}
    async with ScriptedProvider([turn]) as provider:
        heard = await hear(provider, tools=OPENAI_TOOLS)
        body = b"".join([piece async for piece in raw_pieces(provider, tools=OPENAI_TOOLS)]).decode()
    assert heard.calls[0]["name"] == "shell"
    assert heard.calls[0]["arguments"] == '{"command":"ls"}'
    assert body.index('{\\"co') < body.index('"name":"shell"')


async def test_call_without_arguments_sends_none():
    async with ScriptedProvider([[{"call": "shell"}]]) as provider:
        assert (await hear(provider, tools=OPENAI_TOOLS)).calls[0]["arguments"] == ""


async def test_call_cut_off_ends_at_its_length():
    turn = {
        "items": [{"call": "shell", "arguments": {"command": "rm -rf old"}, "truncate": 18}],
        "finish": "length",
    }
    async with ScriptedProvider([turn]) as provider:
        heard = await hear(provider, tools=OPENAI_TOOLS)
    assert heard.calls[0]["arguments"] == '{"command":"rm -rf'
    assert heard.finish == "length"


async def test_stop_sequence_of_the_request_ends_the_answer():
    async with ScriptedProvider([["one two END three", "four"]]) as provider:
        heard = await hear(provider, stop=["END"])
    assert (heard.text, heard.finish) == ("one two ", "stop")


@pytest.mark.parametrize(
    ("kind", "error", "status", "code"),
    [
        ("rate_limited", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, 429, "insufficient_quota"),
        ("overloaded", openai.InternalServerError, 503, None),
        ("server", openai.InternalServerError, 500, None),
        ("context_overflow", openai.BadRequestError, 400, "context_length_exceeded"),
        ("unauthorized", openai.AuthenticationError, 401, "invalid_api_key"),
        ("forbidden", openai.PermissionDeniedError, 403, None),
        ("model_not_found", openai.NotFoundError, 404, "model_not_found"),
        ("content_filter", openai.BadRequestError, 400, "content_filter"),
    ],
)
async def test_errors_have_the_vendors_shape(
    kind: str, error: type[openai.APIStatusError], status: int, code: str | None
):
    async with ScriptedProvider([{"error": {"kind": kind, "retry_after": 7}}]) as provider:
        with pytest.raises(error) as caught:
            await hear(provider)
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert caught.value.response.headers["retry-after"] == "7"


async def test_error_in_mid_stream_comes_after_what_was_said():
    async with ScriptedProvider([["so far", {"error": "overloaded"}, "never"]]) as provider:
        with pytest.raises(openai.APIError, match="overloaded"):
            await hear(provider)
        body = b"".join([piece async for piece in raw_pieces(provider)])
    assert b"so far" in body
    assert b"never" not in body


async def test_models_are_listed_and_others_refused():
    async with (
        ScriptedProvider({"models": ["m", "n"], "turns": ["hi"]}) as provider,
        openai_client(provider) as client,
    ):
        assert [model.id async for model in client.models.list()] == ["m", "n"]
        assert (await hear(provider)).text == "hi"
        with pytest.raises(openai.NotFoundError):
            await hear(provider, model="other")
