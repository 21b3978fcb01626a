"""The tools of the service: which an agent is offered, and why it is not offered the others."""

from factotum.agent.policy import Policy
from factotum.core.frozen import Frozen
from factotum.features.policies import rules_of
from factotum.protocol.policy import Rules
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.tools.catalogue import Missing, ToolCatalogue
from factotum.tools.tool import Effect, Tool


class ToolInfo(Frozen):
    """One tool. `reason` says why it is not offered, `setting` which variable mends that, if one does.

    `effect` is what running a call twice does; `deadline_seconds` bounds one call.
    """

    name: str
    family: str
    summary: str
    effect: Effect
    deadline_seconds: float
    offered: bool
    reason: str = ""
    setting: str = ""


class ToolList(Frozen):
    """Every tool, by family and name."""

    items: tuple[ToolInfo, ...]


class ToolService:
    """Tells which tools there are. `rules` are the service's own."""

    def __init__(self, database: Database, catalogue: ToolCatalogue, rules: Rules) -> None:
        self._database = database
        self._catalogue = catalogue
        self._rules = rules

    async def list(self, caller: Caller, agent_id: str | None = None) -> ToolList:
        """List every tool as the service offers it, or as it offers it to an agent.

        Raises NotFound (`agent_not_found`).
        """
        rules = Rules()
        if agent_id is not None:
            async with self._database.tenant(caller) as tx:
                rules = rules_of((await Agents(tx).get(agent_id)).settings)
        found = [self._describe(tool, missing, rules) for tool, missing in self._catalogue]
        return ToolList(items=tuple(sorted(found, key=lambda info: (info.family, info.name))))

    def _describe(self, tool: Tool, missing: Missing | None, rules: Rules) -> ToolInfo:
        lacking = missing or self._denied(tool, rules)
        return ToolInfo(
            name=tool.name,
            family=tool.family,
            summary=tool.description.split("\n", 1)[0],
            effect=tool.effect,
            deadline_seconds=tool.deadline_seconds,
            offered=lacking is None,
            reason=lacking.reason if lacking else "",
            setting=lacking.setting if lacking else "",
        )

    def _denied(self, tool: Tool, rules: Rules) -> Missing | None:
        if not Policy(self._rules).offers(tool):
            return Missing("The service's policy does not allow it.", "FACTOTUM_POLICY")
        if not Policy(rules).offers(tool):
            return Missing("The agent's policy does not allow it: see its settings.policy.")
        return None
