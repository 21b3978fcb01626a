"""The tool with which the agent asks a person to take over its browser, and waits until they hand it back."""

from typing import Annotated

from pydantic import Field

from factotum.protocol.runs import Question
from factotum.tools.declare import tool
from factotum.tools.tool import Ask, ToolContext, ToolOutput, XmlForm


@tool(
    effect="pure",
    family="browser",
    ends_turn=True,
    xml=XmlForm("browser-hand-over", attributes=("reason",), content="task"),
    deadline_seconds=30,
    example={"task": "Sign in to your account.", "reason": "Only you have the password."},
)
async def browser_hand_over(
    context: ToolContext,
    task: Annotated[str, Field(min_length=1, max_length=1000)],
    reason: Annotated[str, Field(max_length=500)] = "",
) -> ToolOutput:
    """Ask the person to take over the browser, and wait until they hand it back; you get the page then.

    For what only they can or should do: sign in, solve a captcha, enter a card, confirm a payment. Open the
    page first. Never ask for a password in words.

    Args:
        task: What they should do in the browser, and when to hand it back.
        reason: Why you cannot do it.
    """
    text = f"{task}\n\n{reason}" if reason else task
    asked = Question(reason="hand_over", text=text, call_id=context.call_id)
    return ToolOutput("Waiting for the person.", signal=Ask(asked))
