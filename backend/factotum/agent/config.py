"""How an agent talks with its model and runs its tools."""

from dataclasses import dataclass
from typing import Literal

from factotum.protocol.dialect import Dialect
from factotum.protocol.runs import Effort


@dataclass(frozen=True, slots=True)
class ProcessorConfig:
    """Options of the ResponseProcessor and the loop. Deadlines are seconds."""

    dialect: Dialect = "native"
    tool_execution_strategy: Literal["sequential", "parallel"] = "sequential"
    max_xml_tool_calls: int | None = None
    native_max_auto_continues: int = 25
    max_stream_retries: int = 2
    step_limit: int = 50
    max_output_tokens: int | None = None
    first_token_deadline: float = 90.0
    between_tokens_deadline: float = 45.0
    fallback_models: tuple[str, ...] = ()
    effort: Effort | None = None
    cache_key: str | None = None
