"""Which turn a request gets: decided from the request alone, in every dialect, after remarks too."""

import re
from typing import Any

import pytest
from provider_clients import ANTHROPIC_TOOLS, OPENAI_TOOLS, ask_anthropic, hear

from factotum.testing.provider import ScriptedProvider

SCRIPT: Any = {
    "scenarios": [
        {
            "name": "ships",
            "match": "ship",
            "turns": [[{"call": "shell", "arguments": {"command": "ls"}}], ["ships 2"]],
        },
        {"name": "birds", "match": "^bird", "turns": ["birds 1", "birds 2", "birds 3"]},
    ]
}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


RESULT = user('<tool_result name="shell" call_id="c1" outcome="ok">\na ship and a bird\n</tool_result>')
CONTEXT = user("<context>\nThe time is ship o'clock.\n</context>")

SUMMARY = user(
    "<context>\nThe earlier part of this conversation was summarised to save room: 2 messages, "
    "1 of them yours. So it was.\n</context>"
)


@pytest.mark.parametrize(
    ("messages", "answer"),
    [
        ([user("bird")], "birds 1"),
        ([user("bird"), said("birds 1"), RESULT], "birds 2"),
        ([user("bird"), said("birds 1"), RESULT, said("birds 2"), RESULT, CONTEXT], "birds 3"),
        ([user("A Ship?"), said("x"), RESULT], "ships 2"),
        ([user("ship"), said("x"), user("bird")], "birds 1"),
        ([user("bird"), said("x"), user("also make it blue")], "birds 2"),
        ([user("bird"), said("x"), user("bird")], "birds 1"),
        ([{"role": "system", "content": "bird ship"}, user("bird")], "birds 1"),
        ([user("nothing of both"), said("x")], "ships 2"),
        ([said("x"), user("bird")], "birds 1"),
        ([{"role": "user", "content": [{"type": "text", "text": "bird"}]}], "birds 1"),
        ([user("bird"), SUMMARY], "birds 2"),
        ([user("bird"), SUMMARY, said("birds 2"), RESULT], "birds 3"),
    ],
)
async def test_turn_follows_from_the_messages(messages: list[Any], answer: str):
    async with ScriptedProvider(SCRIPT) as provider:
        assert (await hear(provider, *messages)).text == answer
        assert (await hear(provider, *messages)).text == answer


async def test_a_conversation_that_is_too_long_is_refused():
    script = {"scenarios": [{"match": "bird", "turns": ["birds 1"], "longest": 20}]}
    async with ScriptedProvider(script) as provider:
        assert (await hear(provider, user("bird"))).text == "birds 1"
        refused = await ask_anthropic(provider, user("bird " * 20))
        assert refused.status_code == 400
        assert "prompt is too long" in refused.text


async def test_native_results_are_no_new_question():
    async with ScriptedProvider(SCRIPT) as provider:
        first = await hear(provider, user("ship"), tools=OPENAI_TOOLS)
        call = first.calls[0]
        function = {"name": call["name"], "arguments": call["arguments"]}
        assistant = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": call["id"], "type": "function", "function": function}],
        }
        result = {"role": "tool", "tool_call_id": call["id"], "content": "a bird"}
        assert (await hear(provider, user("ship"), assistant, result, tools=OPENAI_TOOLS)).text == "ships 2"


async def test_anthropic_results_are_no_new_question_and_a_remark_beside_them_may_be():
    async with ScriptedProvider(SCRIPT) as provider:
        first = (await ask_anthropic(provider, user("ship"), tools=ANTHROPIC_TOOLS)).json()
        assistant = {"role": "assistant", "content": first["content"]}
        result = {"type": "tool_result", "tool_use_id": first["content"][0]["id"], "content": "bird"}
        for beside, answer in (
            ([], "ships 2"),
            ([{"type": "text", "text": "hurry up"}], "ships 2"),
            ([{"type": "text", "text": CONTEXT["content"]}], "ships 2"),
            ([{"type": "text", "text": "bird, please"}], "birds 1"),
        ):
            results = {"role": "user", "content": [result, *beside]}
            response = await ask_anthropic(provider, user("ship"), assistant, results, tools=ANTHROPIC_TOOLS)
            assert response.json()["content"] == [{"type": "text", "text": answer}]


async def test_call_ids_are_the_same_again_and_never_the_same_elsewhere():
    async with ScriptedProvider(SCRIPT) as provider:
        ids = [
            (await hear(provider, *messages, tools=OPENAI_TOOLS)).calls[0]["id"]
            for messages in ([user("ship")], [user("ship")], [user("ship"), said("x"), user("ship")])
        ]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


async def test_dry_script_says_which_turn_was_asked_for():
    async with ScriptedProvider(SCRIPT) as provider:
        response = await ask_anthropic(
            provider, user("ship"), said("1"), user("go on"), said("2"), user("go on")
        )
        exchange = provider.journal.exchanges[-1]
    assert response.status_code == 400
    assert "scenario 'ships' was asked for turn 3 and has 2" in response.json()["error"]["message"]
    assert exchange.outcome == "refused"


async def test_turn_refuses_to_play_on_over_a_result_it_does_not_expect():
    turns = ["run it", {"expect": r"exit code 0", "items": ["fine"]}]
    async with ScriptedProvider({"turns": turns}) as provider:
        good, bad = (user(f'<tool_result name="shell">exit code {code}</tool_result>') for code in (0, 1))
        assert (await hear(provider, user("go"), said("run it"), good)).text == "fine"
        refused = await ask_anthropic(provider, user("go"), said("run it"), bad)
    assert re.search(r"turn 2 expects /exit code 0/.*exit code 1", refused.json()["error"]["message"])


SHELL: Any = {"call": "shell", "arguments": {"command": "echo <b> && ls", "timeout_seconds": 5}}
CREATE: Any = {"call": "create_file", "arguments": {"path": 'a"b.txt', "content": "one\ntwo\n"}}
REPLACE: Any = {"call": "str_replace", "arguments": {"path": "a", "old_text": "x\n", "new_text": ""}}
INVOKED = """<function_calls>
<invoke name="shell">
<parameter name="command">echo <b> && ls</parameter>
<parameter name="timeout_seconds">5</parameter>
</invoke>
</function_calls>"""


@pytest.mark.parametrize(
    ("calls", "item", "text"),
    [
        ("auto", SHELL, INVOKED),
        ("invoke", SHELL, INVOKED),
        ("tag", SHELL, '<shell timeout_seconds="5">echo <b> && ls</shell>'),
        ("tag", CREATE, '<create-file path="a&quot;b.txt">\none\ntwo\n\n</create-file>'),
        (
            "tag",
            REPLACE,
            '<str-replace path="a">\n<old_text>\nx\n\n</old_text>\n<new_text></new_text>\n</str-replace>',
        ),
        ("tag", {"call": "mine", "tag": "<mine>x</mine>"}, "<mine>x</mine>"),
        (
            "invoke",
            {"call": "mine", "arguments": "rubbish"},
            INVOKED[:16] + '\n<invoke name="mine">\nrubbish</invoke>\n</function_calls>',
        ),
        ("native", SHELL, ""),
    ],
)
async def test_calls_are_written_in_the_dialect_that_is_asked_for(
    calls: Any, item: dict[str, object], text: str
):
    async with ScriptedProvider([[item]], calls=calls) as provider:
        heard = await hear(provider)
    assert heard.text == text
    assert bool(heard.calls) == (calls == "native")
    assert heard.finish == ("tool_calls" if calls == "native" else "stop")


@pytest.mark.parametrize("stream", [True, False])
async def test_tag_dialect_needs_a_text_for_tools_that_are_not_built_in(stream: bool):
    async with ScriptedProvider([[{"call": "mine", "arguments": {}}]], calls="tag") as provider:
        refused = await ask_anthropic(provider, stream=stream)
    assert refused.status_code == 400
    assert "'mine' is no built-in tool" in refused.json()["error"]["message"]
