"""How an agent talks with its model and runs its tools."""

from dataclasses import dataclass
from typing import Literal

from factotum.llm.prices import Price
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect, ResultPlace, XmlDialect
from factotum.protocol.network import NetworkLayers
from factotum.protocol.runs import Effort

_BUDGET = Budget(steps=50)
_UNSAID = NetworkLayers(())


@dataclass(frozen=True, slots=True)
class ProcessorConfig:
    """Options of the ResponseProcessor and the loop. Deadlines are seconds.

    `dialect` says how calls in XML are written; `native` takes the provider's own form alone. Where
    `xml_tool_calling` or `native_tool_calling` is given it decides instead (XML is then `invoke` unless the
    dialect says otherwise): with both on, the model may use either; with both off it is offered no tools and
    only answers.

    `execute_tools` off: the caller of the run executes its calls and gives the results (caller_tools.py).
    `execute_on_stream`: a call begins when it is complete, while the model still talks.
    `max_xml_tool_calls` ends a message after so many calls in XML; `native_max_auto_continues` is how often
    in a row an answer is gone on with that the provider's limit of length has cut, in all dialects.

    `vision`: the model is shown the images that tools give.

    `budget` is what the run may use before it asks; `price` that of its model, None when it is not known.
    `network` is what the agent and the run say about the network.
    """

    dialect: Dialect = "native"
    xml_tool_calling: bool | None = None
    native_tool_calling: bool | None = None
    execute_tools: bool = True
    execute_on_stream: bool = False
    tool_execution_strategy: Literal["sequential", "parallel"] = "sequential"
    xml_adding_strategy: ResultPlace = "user_message"
    max_xml_tool_calls: int | None = None
    native_max_auto_continues: int = 25
    max_stream_retries: int = 2
    budget: Budget = _BUDGET
    price: Price | None = None
    max_output_tokens: int | None = None
    first_token_deadline: float = 90.0
    between_tokens_deadline: float = 45.0
    fallback_models: tuple[str, ...] = ()
    effort: Effort | None = None
    cache_key: str | None = None
    network: NetworkLayers = _UNSAID
    vision: bool = False

    @property
    def native(self) -> bool:
        """Whether the model is given tools in its provider's own form."""
        return self.dialect == "native" if self.native_tool_calling is None else self.native_tool_calling

    @property
    def xml(self) -> XmlDialect | None:
        """How the model may write calls in its text; None: what looks like one is text."""
        if self.dialect == "native":
            return "invoke" if self.xml_tool_calling else None
        return None if self.xml_tool_calling is False else self.dialect

    @property
    def runs_on_stream(self) -> bool:
        """Whether calls may begin while their message is still being written."""
        return self.execute_on_stream and self.execute_tools
