"""What an agent is told of the network, and what its tools see of it."""

from typing import Any, cast

from factotum.agent.prompt import system_prompt
from factotum.agent.tool_context import CallContext
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
