"""Python's collector of cycles, for a process that lives long and has many waiting for it at once."""

import gc
from typing import Final

_COLLECTED_AFTER: Final = 20_000, 5, 5
"""How many new objects make Python look for garbage in cycles: 700 would come together every few ms.

Every fifth time it looks further back, and every fifth of those at all that is new since the process started.
"""


def keep_what_is_here() -> None:
    """Look no more at what the process is made of by now: it lives as long as the process does.

    A full collection would hold up all runs and streams for some tenths of a second each time. Call it when a
    process has started, or has imported something large; it takes as long as one such collection.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # Of nothing: Python looks at all only once there is a quarter more than it last saw there.
    gc.set_threshold(*_COLLECTED_AFTER)
