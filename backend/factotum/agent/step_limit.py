"""The limit of steps: every so many, a person is asked whether the run shall go on."""

from factotum.protocol.runs import Question

_GO_ON, _STOP_HERE = "Go on", "Stop here"


def next_limit(step: int, every: int) -> int:
    """Return the step at which a person is asked: the next multiple; a run that waits stands on it."""
    return step if step and step % every == 0 else (step // every + 1) * every


def ask_to_go_on(steps: int) -> Question:
    """Return the question of a run that has used so many steps: the same for the same number."""
    text = f"{steps} steps are used. Shall the run go on?"
    return Question(reason="limit", text=text, choices=(_GO_ON, _STOP_HERE))


def says_stop(answer: str) -> bool:
    """Whether the answer is the choice to end the run."""
    return answer.strip().lower() == _STOP_HERE.lower()


def says_more(answer: str) -> bool:
    """Whether the answer is a word of the person's own, which the model should read."""
    return answer.strip().lower() not in {_GO_ON.lower(), _STOP_HERE.lower()}
