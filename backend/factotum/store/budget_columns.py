"""A pool as one JSON column, for whoever selects a run that draws from it."""

from typing import LiteralString

BUDGET_JSON: LiteralString = """
jsonb_build_object('id', b.id, 'first', b.first,
    'limit', jsonb_build_object('cost_usd', b.limit_nanos / 1e9, 'tokens', b.limit_tokens,
        'steps', b.limit_steps, 'seconds', b.limit_millis / 1e3),
    'used', jsonb_build_object('cost_usd', b.used_nanos / 1e9, 'tokens', b.used_tokens,
        'steps', b.used_steps, 'seconds', b.used_millis / 1e3),
    'reserved', jsonb_build_object('cost_usd', b.reserved_nanos / 1e9, 'tokens', b.reserved_tokens,
        'steps', b.reserved_steps, 'seconds', 0))"""

RUN_BUDGET: LiteralString = (
    f"(select {BUDGET_JSON} from factotum.budgets as b where b.id = budget_id) as budget"
)
"""The pool of a row of `runs`, null before its first step."""
