"""How a service process is told to end, and made to."""

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import threading
from typing import NoReturn

log = logging.getLogger(__name__)


def ended_by_signal(limit: float) -> asyncio.Event:
    """Return an event that SIGINT or SIGTERM sets; a second SIGINT ends the process at once.

    A process that has not ended `limit` seconds later says what it waits for, and ends: what it leaves is
    taken over as after a crash.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        ended.set()
        loop.remove_signal_handler(number)
        overdue = threading.Timer(limit, _give_up, (loop, limit))
        overdue.daemon = True
        overdue.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    return ended


def leave() -> NoReturn:
    """End the process, of whose service nothing is left, without the interpreter's own end.

    There finalizers of libraries import, and wait for ever where a daemon thread had begun to: LiteLLM's,
    when a service ends soon after it was started.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _give_up(loop: asyncio.AbstractEventLoop, limit: float) -> None:
    going_on = sorted(task.get_name() for task in asyncio.all_tasks(loop) if not task.done())
    log.error("the process did not end within %.0f s; these tasks went on: %s", limit, ", ".join(going_on))
    faulthandler.dump_traceback(all_threads=True)
    os._exit(1)
