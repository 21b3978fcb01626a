"""What the end of the log says of a run: whether its last message ended it. The same for any worker."""

from factotum.agent.outcome import Finished
from factotum.agent.rendering import why_cut
from factotum.agent.thread_manager import ThreadManager
from factotum.llm.faults import ModelFault


def verdict(thread: ThreadManager, most_continues: int) -> Finished | None:
    """Return the end when the model answered without calls; None when it is its turn again.

    An answer that the length limit cut is gone on with, `most_continues` times in a row, and then ends the
    run as it is. Raises ModelFault (`content_filtered`) when the provider's filter cut it.
    """
    answer = thread.answer()
    if answer is None:
        return None
    match why_cut(answer):
        case "content_filter":
            raise ModelFault("content_filtered", "The provider's filter cut the answer off.")
        case "length":
            return None if thread.cuts_in_a_row() <= most_continues else Finished("length")
        case _:
            return Finished("answered")
