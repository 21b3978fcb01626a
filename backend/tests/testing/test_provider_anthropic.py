"""Anthropic's wire, read event by event."""

import json
from typing import Any

import pytest
from provider_clients import ANTHROPIC_HEADERS, ANTHROPIC_TOOLS, USER, ask_anthropic, events_of, http_client

from factotum.testing.provider import ScriptedProvider
from factotum.testing.provider.pieces import signature_of

SCRIPT: Any = [
    {
        "items": [
            {"reasoning": "Let me see."},
            "I look.",
            {"call": "shell", "arguments": {"command": "ls"}},
            {"call": "read_file"},
        ],
        "usage": {"input": 100, "cached": 60, "cache_written": 10, "output": 9},
        "cut": 4,
    }
]


async def test_stream_is_the_documented_sequence():
    async with ScriptedProvider(SCRIPT) as provider:
        response = await ask_anthropic(provider, tools=ANTHROPIC_TOOLS, stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = events_of(response.text)
    assert [event["type"] for event in events if event["type"] != "content_block_delta"] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_stop",
        *["content_block_start", "content_block_stop"] * 3,
        "message_delta",
        "message_stop",
    ]
    message = events[0]["message"]
    assert (message["role"], message["content"], message["stop_reason"]) == ("assistant", [], None)
    assert message["usage"] == {
        "input_tokens": 30,
        "cache_creation_input_tokens": 10,
        "cache_read_input_tokens": 60,
        "output_tokens": 1,
    }
    assert events[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert events[-2]["usage"] == {"output_tokens": 9}


async def test_blocks_of_the_stream_are_those_of_the_whole_answer():
    async with ScriptedProvider(SCRIPT) as provider:
        events = events_of((await ask_anthropic(provider, tools=ANTHROPIC_TOOLS, stream=True)).text)
        whole = (await ask_anthropic(provider, tools=ANTHROPIC_TOOLS)).json()
    blocks = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    inputs = [""] * len(blocks)
    for event in events:
        if event["type"] != "content_block_delta":
            continue
        block = blocks[event["index"]]
        match event["delta"]:
            case {"type": "text_delta", "text": str(text)}:
                block["text"] += text
            case {"type": "thinking_delta", "thinking": str(text)}:
                block["thinking"] += text
            case {"type": "signature_delta", "signature": str(signature)}:
                block["signature"] = signature
            case {"type": "input_json_delta", "partial_json": str(fragment)}:
                inputs[event["index"]] += fragment
            case other:
                pytest.fail(f"unknown delta {other}")
    for block, text in zip(blocks, inputs, strict=True):
        if block["type"] == "tool_use":
            block["input"] = json.loads(text or "{}")
    assert blocks == whole["content"]
    assert whole["content"][0] == {
        "type": "thinking",
        "thinking": "Let me see.",
        "signature": signature_of("Let me see."),
    }
    assert (whole["stop_reason"], whole["usage"]["output_tokens"]) == ("tool_use", 9)
    ids = [block["id"] for block in blocks if block["type"] == "tool_use"]
    assert len(set(ids)) == 2
    assert all(name.startswith("toolu_") for name in ids)


@pytest.mark.parametrize(
    ("kind", "status", "type_"),
    [
        ("rate_limited", 429, "rate_limit_error"),
        ("quota", 400, "invalid_request_error"),
        ("overloaded", 529, "overloaded_error"),
        ("server", 500, "api_error"),
        ("context_overflow", 400, "invalid_request_error"),
        ("unauthorized", 401, "authentication_error"),
        ("forbidden", 403, "permission_error"),
        ("model_not_found", 404, "not_found_error"),
    ],
)
async def test_errors_have_the_vendors_shape(kind: str, status: int, type_: str):
    async with ScriptedProvider(
        [{"error": {"kind": kind, "message": "said so", "retry_after": 3}}]
    ) as provider:
        response = await ask_anthropic(provider)
    assert response.status_code == status
    assert response.headers["retry-after"] == "3"
    assert response.json() == {
        "type": "error",
        "error": {"type": type_, "message": "said so"},
        "request_id": response.headers["request-id"],
    }


async def test_error_in_mid_stream_is_an_event():
    async with ScriptedProvider([["so far", {"error": "overloaded"}]]) as provider:
        events = events_of((await ask_anthropic(provider, stream=True)).text)
    assert events[-1]["type"] == "error"
    assert events[-1]["error"] == {"type": "overloaded_error", "message": "Overloaded"}


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_tokens"), ("content_filter", "refusal"), ("stop", "end_turn")]
)
async def test_finish_reasons(finish: str, reason: str):
    async with ScriptedProvider([{"items": ["x"], "finish": finish}]) as provider:
        assert (await ask_anthropic(provider)).json()["stop_reason"] == reason
        events = events_of((await ask_anthropic(provider, stream=True)).text)
    assert events[-2]["delta"]["stop_reason"] == reason


async def test_stop_sequence_ends_the_answer_and_is_named():
    async with ScriptedProvider([["one END two"]]) as provider:
        whole = (await ask_anthropic(provider, stop_sequences=["END"])).json()
    assert whole["content"] == [{"type": "text", "text": "one "}]
    assert (whole["stop_reason"], whole["stop_sequence"]) == ("stop_sequence", "END")


async def test_rubbish_arguments_can_be_streamed_only():
    async with ScriptedProvider(
        [[{"call": "shell", "arguments": "{nonsense", "dialect": "native"}]]
    ) as provider:
        assert '"partial_json":"{nonsense"' in (await ask_anthropic(provider, stream=True)).text
        refused = await ask_anthropic(provider)
    assert "not JSON" in refused.json()["error"]["message"]


async def test_models_are_listed():
    async with ScriptedProvider({"models": ["m"], "turns": ["x"]}) as provider, http_client() as client:
        listed = (await client.get(f"{provider.root}/v1/models", headers=ANTHROPIC_HEADERS)).json()
        refused = await ask_anthropic(provider, USER, model="other")
    assert [model["id"] for model in listed["data"]] == ["m"]
    assert (refused.status_code, refused.json()["error"]["type"]) == (404, "not_found_error")


async def test_thinking_handed_back_as_it_was_is_taken():
    turns: Any = [
        [{"reasoning": "Let me see."}, {"call": "shell", "arguments": {"command": "ls"}}],
        ["Done."],
    ]
    thinking = {"type": "enabled", "budget_tokens": 1024}
    async with ScriptedProvider(turns) as provider:
        first = (await ask_anthropic(provider, tools=ANTHROPIC_TOOLS, thinking=thinking)).json()
        result = {
            "type": "tool_result",
            "tool_use_id": first["content"][1]["id"],
            "content": [{"type": "text", "text": "ok"}],
        }
        messages = [
            USER,
            {"role": "assistant", "content": first["content"]},
            {"role": "user", "content": [result]},
        ]
        second = (await ask_anthropic(provider, *messages, tools=ANTHROPIC_TOOLS, thinking=thinking)).json()
    assert second["content"] == [{"type": "text", "text": "Done."}]
