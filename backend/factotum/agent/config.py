"""How an agent talks with its model and runs its tools."""

from dataclasses import dataclass
from typing import Literal

from factotum.llm.prices import Price
from factotum.protocol.budgets import Budget
from factotum.protocol.dialect import Dialect

_BUDGET = Budget(steps=50)


@dataclass(frozen=True, slots=True)
class ProcessorConfig:
    """Options of the ResponseProcessor and the loop. Deadlines are seconds.

    `budget` is what the run may use before it asks; `price` that of its model, None when it is not known.
    """

    dialect: Dialect = "native"
    tool_execution_strategy: Literal["sequential", "parallel"] = "sequential"
    max_xml_tool_calls: int | None = None
    native_max_auto_continues: int = 25
    max_stream_retries: int = 2
    budget: Budget = _BUDGET
    price: Price | None = None
    max_output_tokens: int | None = None
    first_token_deadline: float = 90.0
    between_tokens_deadline: float = 45.0
