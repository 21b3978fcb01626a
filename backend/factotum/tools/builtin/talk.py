"""How the agent ends a turn on purpose: it asks a person, or says that the task is done."""

from typing import Annotated

from pydantic import Field

from factotum.protocol.runs import Question
from factotum.tools.builtin.workspace import require_all
from factotum.tools.declare import tool
from factotum.tools.tool import Ask, Complete, ToolContext, ToolOutput

_MOST_CHOICES = 20
_MOST_FILES = 100

Choices = Annotated[tuple[str, ...], Field(max_length=_MOST_CHOICES)]
Files = Annotated[tuple[str, ...], Field(max_length=_MOST_FILES)]


@tool(
    effect="pure",
    family="talk",
    deadline_seconds=30,
    ends_turn=True,
    example={
        "question": "Which of the two drafts shall I send?",
        "choices": ["The short one", "The long one"],
    },
)
async def ask(
    context: ToolContext,
    question: Annotated[str, Field(min_length=1)],
    choices: Choices = (),
    attachments: Files = (),
) -> ToolOutput:
    """Ask the person a question and wait for the answer, which becomes the result of this call.

    Ask only when you cannot go on without it: a decision that is theirs, or something that only they know.

    Args:
        question: The question, with what they need to know to answer it.
        choices: Answers to offer, if there are a few; they may still answer freely.
        attachments: Files of the workspace to show with the question.
    """
    files = await require_all(await context.sandbox(), attachments, "attachments") if attachments else ()
    asked = Question(
        reason="question",
        text=question,
        choices=choices,
        attachments=files,
        call_id=context.call_id,
    )
    return ToolOutput("Waiting for the person's answer.", signal=Ask(asked))


@tool(
    effect="pure",
    family="talk",
    deadline_seconds=30,
    ends_turn=True,
    example={"summary": "The first 20 primes are in primes.csv.", "deliverables": ["primes.csv"]},
)
async def complete(
    context: ToolContext,
    summary: str = "",
    deliverables: Files = (),
) -> ToolOutput:
    """Say that the task is done, and end. Call it alone, after you have checked the results.

    Args:
        summary: What was done and found, for the person; leave it out if your message says it already.
        deliverables: The files of the workspace that are the result.
    """
    files = await require_all(await context.sandbox(), deliverables, "deliverables") if deliverables else ()
    return ToolOutput(summary or "The task is done.", signal=Complete(files))
