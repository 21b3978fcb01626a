"""What an agent is told of the network, and what its tools see of it."""

from typing import Any, cast

from factotum.agent.prompt import system_prompt
from factotum.agent.tool_context import CallContext
from factotum.llm.tokens import counter_for
from factotum.protocol.network import Network, NetworkLayers
from factotum.tools.builtin import builtin_registry


def test_the_prompt_says_that_there_is_a_network_only_where_there_is_one() -> None:
    registry = builtin_registry()
    assert "through a proxy" not in system_prompt(registry, "native")
    assert "through a proxy" in system_prompt(registry, "native", network=True)


def test_a_call_sees_what_its_agent_and_run_say() -> None:
    said = NetworkLayers([Network(mode="off")])
    nothing = cast(Any, None)
    assert CallContext("c", nothing, nothing, nothing, said).network is said
    assert CallContext("c", nothing, nothing, nothing).network.mode == "open"


def test_the_prompt_names_secrets_that_commands_can_use() -> None:
    registry = builtin_registry()
    hosts = {"GITHUB_TOKEN": ("api.github.com",), "WIDE": ("a.org", "b.org", "c.org", "d.org")}
    told = system_prompt(registry, "native", network=True, secrets=hosts)
    assert "`$GITHUB_TOKEN` (api.github.com), `$WIDE` (a.org, b.org, c.org, ...)" in told
    assert "secrets that you can use" not in system_prompt(registry, "native", network=True, secrets={})
    assert "GITHUB_TOKEN" not in system_prompt(registry, "native", secrets=hosts)


def test_the_prompt_without_tools_is_short_with_all_the_secrets_there_may_be() -> None:
    hosts = {f"SERVICE_TOKEN_{number}": (f"api{number}.example.com",) * 4 for number in range(100)}
    registry, counter = builtin_registry(), counter_for("gpt-4o")
    assert counter.count(system_prompt(registry, "native", network=True)) < 500
    assert counter.count(system_prompt(registry, "native", network=True, secrets=hosts)) < 4_000
