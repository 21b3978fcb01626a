"""The provider refuses what the real services refuse, in their words."""

from typing import Any

import httpx
import pytest
from provider_clients import (
    ANTHROPIC_HEADERS,
    ANTHROPIC_TOOLS,
    OPENAI_TOOLS,
    USER,
    ask_anthropic,
    http_client,
)

from factotum.testing.provider import ScriptedProvider
from factotum.testing.provider.pieces import signature_of

CALL: Any = {"id": "c1", "type": "function", "function": {"name": "shell", "arguments": "{}"}}
OTHER_CALL: Any = CALL | {"id": "c2"}
USES: Any = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "t1", "name": "shell", "input": dict[str, str]()}],
}
RESULT: Any = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}
TEXT: Any = {"type": "text", "text": "go on"}


def assistant(*calls: object) -> dict[str, object]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


async def post(
    provider: ScriptedProvider, body: Any, headers: dict[str, str] | None = None
) -> httpx.Response:
    async with http_client() as client:
        return await client.post(
            f"{provider.openai_base}/chat/completions",
            json=body,
            headers={"authorization": "Bearer k"} if headers is None else headers,
        )


OPENAI_REFUSES: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model parameter"),
    ({"messages": None}, "'messages'"),
    ({"messages": []}, "too short"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "'robot'"),
    ({"messages": [{"role": "user", "content": None}]}, "content"),
    ({"messages": [{"role": "user", "content": 3}]}, "content"),
    ({"messages": ["hello"]}, "expected an object"),
    ({"messages": [USER, {"role": "assistant", "content": None}]}, "content"),
    ({"messages": [USER, {"role": "assistant", "content": None, "tool_calls": []}]}, "empty array"),
    (
        {"messages": [USER, assistant(CALL | {"function": {"name": "shell", "arguments": {}}})]},
        "JSON string",
    ),
    ({"messages": [USER, assistant(CALL)]}, "did not have response messages: c1"),
    ({"messages": [USER, assistant(CALL), USER]}, "did not have response messages: c1"),
    (
        {
            "messages": [
                USER,
                assistant(CALL, OTHER_CALL),
                {"role": "tool", "tool_call_id": "c1", "content": "x"},
                USER,
            ]
        },
        "did not have response messages: c2",
    ),
    ({"messages": [USER, {"role": "tool", "tool_call_id": "c1", "content": "x"}]}, "must be a response"),
    ({"messages": [USER, {"role": "tool", "content": "x"}]}, "tool_call_id"),
    ({"messages": [USER, assistant(CALL, CALL)]}, "Duplicate"),
    ({"tools": []}, "too short"),
    ({"tools": [{"type": "function"}]}, "tools[0].function"),
    ({"tools": [{"type": "function", "function": {"name": "a.b"}}]}, "pattern"),
    ({"tools": [{"type": "function", "function": {"name": "a", "parameters": {}}}]}, "JSON Schema"),
    ({"tools": [OPENAI_TOOLS[0], OPENAI_TOOLS[0]]}, "unique"),
    ({"tool_choice": "auto"}, "tool_choice"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"stop": ["a"] * 5}, "stop"),
    ({"n": 2}, "'n'"),
]


@pytest.mark.parametrize(("change", "words"), OPENAI_REFUSES)
async def test_openai_refuses(change: dict[str, Any], words: str):
    async with ScriptedProvider(["hi"]) as provider:
        response = await post(provider, {"model": "m", "messages": [USER]} | change)
        assert provider.journal.exchanges[-1].outcome == "refused"
    assert response.status_code == 400
    error = response.json()["error"]
    assert words in error["message"]
    assert error["type"] == "invalid_request_error"


async def test_openai_takes_calls_with_their_results():
    answered = [
        USER,
        assistant(CALL, OTHER_CALL),
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "one"}]},
    ]
    async with ScriptedProvider(["first", "second"]) as provider:
        response = await post(provider, {"model": "m", "messages": answered})
    assert response.json()["choices"][0]["message"]["content"] == "second"


ANTHROPIC_REFUSES: list[tuple[dict[str, Any], str]] = [
    ({"model": ""}, "model: Field required"),
    ({"max_tokens": None}, "max_tokens: Field required"),
    ({"messages": None}, "messages: Field required"),
    ({"messages": []}, "at least one message"),
    ({"messages": [{"role": "system", "content": "x"}, USER]}, "top-level `system`"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, "first message must use"),
    ({"messages": [{"role": "user", "content": ""}]}, "non-empty content"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "must be non-empty"),
    ({"messages": [{"role": "user", "content": " \n"}]}, "non-whitespace"),
    ({"messages": [USER, {"role": "assistant", "content": "so "}]}, "trailing whitespace"),
    ({"messages": [{"role": "user", "content": [{"type": "tool_use"}]}]}, "expected tags"),
    ({"messages": [USER, USES]}, "without `tool_result` blocks immediately after: t1"),
    ({"messages": [USER, USES, {"role": "user", "content": "go on"}]}, "without `tool_result`"),
    ({"messages": [USER, USES, {"role": "user", "content": [TEXT, RESULT]}]}, "without `tool_result`"),
    ({"messages": [{"role": "user", "content": [RESULT]}]}, "unexpected `tool_use_id`"),
    (
        {
            "messages": [
                USER,
                USES,
                {"role": "user", "content": [RESULT]},
                USES,
                {"role": "user", "content": [RESULT]},
            ]
        },
        "ids must be unique",
    ),
    (
        {"messages": [USER, USES, {"role": "user", "content": [RESULT]}], "tools": None},
        "must define tools",
    ),
    ({"tools": [{"name": "a.b", "input_schema": {"type": "object"}}]}, "match pattern"),
    ({"tools": [{"name": "a"}]}, "input_schema.type"),
    ({"thinking": {"type": "enabled", "budget_tokens": 5000}}, "budget_tokens"),
    (
        {
            "messages": [USER, USES, {"role": "user", "content": [RESULT]}],
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        },
        "Expected `thinking`",
    ),
    (
        {
            "messages": [
                USER,
                {
                    "role": "assistant",
                    "content": [
                        {
                            "type": "thinking",
                            "thinking": "altered",
                            "signature": signature_of("as it was"),
                        }
                    ],
                },
                USER,
            ]
        },
        "Invalid `signature`",
    ),
    ({"stop_sequences": [" "]}, "non-whitespace"),
]


@pytest.mark.parametrize(("change", "words"), ANTHROPIC_REFUSES)
async def test_anthropic_refuses(change: dict[str, Any], words: str):
    async with ScriptedProvider(["hi"]) as provider:
        options: Any = {"tools": ANTHROPIC_TOOLS} | change
        response = await ask_anthropic(provider, **options)
    assert response.status_code == 400
    body = response.json()
    assert (body["type"], body["error"]["type"]) == ("error", "invalid_request_error")
    assert words in body["error"]["message"]


async def test_keys_are_wanted_and_any_is_good():
    async with ScriptedProvider(["hi"]) as provider:
        body = {"model": "m", "messages": [USER]}
        refused = await post(provider, body, {})
        assert (refused.status_code, refused.json()["error"]["type"]) == (401, "invalid_request_error")
        assert (await post(provider, body, {"authorization": "Basic abc"})).status_code == 401
        refused = await ask_anthropic(provider, headers={"anthropic-version": "2023-06-01"})
        assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")
        refused = await ask_anthropic(provider, headers={"x-api-key": "k"})
        assert "anthropic-version" in refused.json()["error"]["message"]
        bearer = {"authorization": "Bearer k", "anthropic-version": "2023-06-01"}
        assert (await ask_anthropic(provider, headers=bearer)).status_code == 200


async def test_paths_methods_and_bodies_that_do_not_exist():
    headers = ANTHROPIC_HEADERS | {"authorization": "Bearer k"}
    async with ScriptedProvider(["hi"]) as provider, http_client() as client:
        client.headers.update(headers)
        assert (await client.get(f"{provider.root}/v1/nothing")).status_code == 404
        assert (await client.get(f"{provider.openai_base}/chat/completions")).status_code == 405
        for path in ("/v1/chat/completions", "/v1/messages"):
            response = await client.post(provider.root + path, content=b"{not json")
            assert response.status_code == 400
            assert "could not parse" in response.json()["error"]["message"]
            response = await client.post(provider.root + path, json=["a list"])
            assert response.status_code == 400
