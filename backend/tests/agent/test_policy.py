"""Rules: deny wins, layers only get stricter, and a pattern stands for what its grammar says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from factotum.agent.policy import Policy, offered
from factotum.protocol.policy import Pattern, Restrictions, Rules, matches, parse
from factotum.tools.builtin import BUILTIN
from factotum.tools.declare import tool
from factotum.tools.registry import Registry
from factotum.tools.tool import Tool, ToolContext, ToolError, ToolOutput
from tests.agent.agent_support import NAMED

TOOLS = {each.name: each for each in BUILTIN}
ORDER = {"allow": 0, "ask": 1, "deny": 2}
_PATTERN: TypeAdapter[str] = TypeAdapter(Pattern)


def judged(rules: Rules, name: str, *lifted: str, **arguments: str) -> str:
    tool = TOOLS.get(name) or NAMED[name]
    verdict = Policy(rules).judge(tool, dict(arguments), frozenset(lifted))
    return f"{verdict.action} {verdict.pattern}".strip()


@pytest.mark.parametrize(
    "good", ["shell", "files.*", "mcp:github:*", "shell(git push*)", "*", "a(b(c))", "x()"]
)
def test_a_pattern_is_taken(good: str) -> None:
    assert _PATTERN.validate_python(good) == good


@pytest.mark.parametrize(
    "bad", ["", " ", "a b", "shell(", "shell)", "(x)", "shell(a)b", "a(\\x)", "a(b\n)", "ä", "x" * 201, 7]
)
def test_a_pattern_is_refused_with_what_to_write(bad: object) -> None:
    with pytest.raises(ValidationError) as caught:
        _PATTERN.validate_python(bad)
    if isinstance(bad, str) and 0 < len(bad) <= 200:
        (error,) = caught.value.errors()
        assert error["type"] == "invalid_pattern"
        assert "shell(git push*)" in error["msg"]


def test_a_pattern_is_taken_apart() -> None:
    assert parse("shell") == ("shell", None)
    assert parse("shell(git (x) \\*)") == ("shell", "git (x) \\*")
    assert parse("x()") == ("x", "")


@pytest.mark.parametrize(
    ("glob", "text", "does"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("a*", "a", True),
        ("*", "", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c", False),
        ("ab*ba", "aba", False),
        ("*a*", "xay", True),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("\\\\*", "\\x", True),
        ("a.c", "abc", False),
    ],
)
def test_stars_stand_for_any_text(glob: str, text: str, does: bool) -> None:
    assert matches(glob, text) is does


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_glob_is_what_its_expression_would_be(glob: str, text: str) -> None:
    expression = "".join(".*" if each == "*" else re.escape(each) for each in glob)
    assert matches(glob, text) == bool(re.fullmatch(expression, text, re.DOTALL))


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not matches("*a" * 99 + "b", "a" * 200_000)


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        (Rules(), "allow"),
        (Rules(deny=("shell",), ask=("shell",), allow=("shell",)), "deny shell"),
        (Rules(ask=("shell.*",), allow=("shell",)), "ask shell"),
        (Rules(ask=("*",)), "ask shell"),
        (Rules(ask=("files.*",)), "allow"),
        (Rules(ask=("shell(git push*)",)), "ask shell(git push*)"),
        (Rules(deny=("*(git push*)",)), "deny *(git push*)"),
        (Rules(deny=("shell(git pull*)",)), "allow"),
        (Rules(default="ask"), "ask shell"),
        (Rules(default="deny"), "deny *"),
        (Rules(default="ask", allow=("shell(git *)",)), "ask shell"),
        (Rules(default="ask", allow=("shell(git *)", "shell(cd *)")), "ask shell"),
        (Rules(default="deny", allow=("shell(*git*)", "shell(*)")), "allow"),
        (Rules(default="deny", ask=("shell",)), "ask shell"),
    ],
)
def test_deny_comes_before_ask_before_allow_before_the_default(rules: Rules, verdict: str) -> None:
    assert judged(rules, "shell", command="cd x && git  push origin") == verdict


@pytest.mark.parametrize(
    "command", ["rm -rf x", "true; rm -rf x", "a |rm  -rf x", "$(rm -rf x)", "x\nrm -rf x"]
)
def test_a_command_is_found_among_others_and_an_allowed_one_carries_no_other(command: str) -> None:
    assert judged(Rules(deny=("shell(rm -rf*)",)), "shell", command=command).startswith("deny")
    assert (
        judged(Rules(default="ask", allow=("shell(true*)", "shell(a*)")), "shell", command=command)
        == "ask shell"
    )


@pytest.mark.parametrize("path", ["keys/a", "./keys/a", "/workspace/keys/a", "x/../keys/a", "keys//a"])
async def test_a_path_is_compared_in_its_one_form(path: str) -> None:
    assert judged(Rules(ask=("list_files(.)",)), "list_files", path="/workspace") == "ask list_files(.)"
    assert judged(Rules(deny=("files.*(/etc/*)",)), "read_file", path="../etc/x").startswith("deny")
    assert judged(Rules(deny=("files.*(keys/*)",)), "read_file", path=path).startswith("deny")


def test_a_call_is_about_its_first_parameter_if_its_tool_names_none() -> None:
    rules = Rules(ask=("send(a*)",))
    assert judged(rules, "send", text="abc") == "ask send(a*)"
    assert judged(rules, "send", text="b") == "allow"
    assert judged(Rules(ask=("fail()",)), "fail") == "ask fail()"
    plan = Policy(Rules(ask=('update_plan([{"text":"x"}])',)))
    assert plan.judge(TOOLS["update_plan"], {"items": [{"text": "x"}]}).action == "ask"


def test_talking_with_the_person_needs_no_leave() -> None:
    for name in ("ask", "complete"):
        assert judged(Rules(ask=("*",), default="ask"), name) == "allow"
        assert judged(Rules(default="deny"), name) == "allow"
        assert judged(Rules(deny=("talk.*",)), name) == "deny talk.*"


def test_what_is_lifted_is_exactly_one_rule_for_one_tool() -> None:
    rules = Rules(ask=("shell(git *)", "*(*push*)"), default="allow")
    assert judged(rules, "shell", command="git push") == "ask shell(git *)"
    assert judged(rules, "shell", "shell(git *)", command="git push") == "ask shell(*push*)"
    assert judged(rules, "shell", "shell(git *)", "shell(*push*)", command="git push") == "allow"
    assert judged(rules, "read_file", "shell(*push*)", path="push") == "ask read_file(*push*)"
    assert judged(Rules(deny=("shell",), ask=("shell",)), "shell", "shell", command="x") == "deny shell"


def test_a_denied_tool_is_not_offered_and_a_call_of_it_is_told_so() -> None:
    policy = Policy(
        Rules(deny=("shell.*", "files.delete*", "read_file(secret*)")), Restrictions(deny=("plan.*",))
    )
    shown, denied = offered(policy, BUILTIN)
    shells = {"shell", "shell_input", "shell_kill", "shell_output", "shell_sessions"}
    assert {each.name for each in denied} == {
        *shells,
        "delete_file",
        "expose_port",
        "run_python",
        "update_plan",
    }
    registry = Registry(shown, denied)
    assert "shell" not in str(registry.schemas())
    assert "delete-file" not in registry.xml_prompt("tag")
    for name in ("shell", "delete_file", "delete-file"):
        with pytest.raises(ToolError) as caught:
            registry.get(name)
        assert caught.value.stable_code == "tool_denied"
    assert registry.get("read_file").name == "read_file"


def test_with_a_default_of_deny_only_what_is_named_is_offered() -> None:
    policy = Policy(Rules(default="deny", allow=("read_file",), ask=("shell(ls*)",)))
    assert {each.name for each in offered(policy, BUILTIN)[0]} == {"ask", "complete", "read_file", "shell"}


PATTERNS = st.sampled_from(
    ("*", "send", "s*", "send(a*)", "put", "put(b)", "look(*)", "talk.*", "nothing", "send(b*)")
)
LISTS = st.lists(PATTERNS, max_size=3).map(tuple)
RULES = st.builds(
    Rules, deny=LISTS, ask=LISTS, allow=LISTS, default=st.sampled_from(("allow", "ask", "deny"))
)
CALLS = st.tuples(st.sampled_from(("send", "put", "look", "ask")), st.sampled_from(("a", "ab", "b", "")))
LIFTED = st.frozensets(st.sampled_from(("send", "send(a*)", "put", "look", "put(b)")))


def _tool(name: str) -> Tool:
    return NAMED[name]


@given(st.lists(RULES, min_size=1, max_size=3), CALLS, LIFTED)
def test_deny_always_wins_and_what_no_rule_asks_about_is_not_asked(
    layers: list[Rules], call: tuple[str, str], lifted: frozenset[str]
) -> None:
    name, text = call
    tool, arguments = _tool(name), {"text": text, "question": text}
    verdict = Policy(*layers).judge(tool, arguments, lifted)
    alone = [Policy(rules).judge(tool, arguments, lifted).action for rules in layers]
    assert verdict.action == max(alone, key=ORDER.__getitem__)
    for rules in layers:
        only = Rules(deny=rules.deny)
        if Policy(only).judge(tool, arguments).action == "deny":
            assert verdict.action == "deny"
    if verdict.action == "ask":
        assert Policy(*layers).may_ask
        assert verdict.pattern not in lifted
        assert parse(verdict.pattern).name == name
    if not Policy(*layers).offers(tool):
        assert verdict.action == "deny"


@given(RULES, st.builds(Restrictions, deny=LISTS, ask=LISTS), CALLS, LIFTED)
def test_a_run_can_only_be_stricter_and_nothing_lifted_undoes_a_deny(
    rules: Rules, more: Restrictions, call: tuple[str, str], lifted: frozenset[str]
) -> None:
    tool, arguments = _tool(call[0]), {"text": call[1]}
    before = Policy(rules).judge(tool, arguments, lifted).action
    after = Policy(rules, more).judge(tool, arguments, lifted).action
    assert ORDER[after] >= ORDER[before]
    bare = Policy(rules, more).judge(tool, arguments).action
    assert (bare == "deny") == (after == "deny")


def test_a_tool_names_a_parameter_of_its_own_as_its_subject() -> None:
    with pytest.raises(TypeError, match="its subject path is not a parameter"):

        @tool(effect="pure", subject="path")
        async def odd(context: ToolContext, name: str) -> ToolOutput:  # pyright: ignore[reportUnusedFunction] - it is refused
            """Do something.

            Args:
                name: Which.
            """
            return ToolOutput(name)
