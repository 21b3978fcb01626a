"""From the events of a run to its view. Pure: the same events always give the same view."""

from typing import Literal, assert_never

from factotum.cli.view import Block, CallBlock, NoteBlock, PlanBlock, ReasoningBlock, TextBlock, View
from factotum.protocol.events import (
    ApprovalRequested,
    ApprovalResolved,
    BrowserFrame,
    FileChanged,
    MessageCreated,
    MessageDiscarded,
    ModelChanged,
    PlanUpdated,
    ReasoningDelta,
    RunAwaiting,
    RunEvent,
    RunFailed,
    RunFinished,
    RunQueued,
    RunResumed,
    RunStarted,
    RunSteered,
    RunStopped,
    SandboxChanged,
    Snapshot,
    TextDelta,
    ThreadTitled,
    ToolArgumentsDelta,
    ToolFinished,
    ToolOutputDelta,
    ToolStarted,
    UsageRecorded,
)
from factotum.protocol.messages import (
    CompactionPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from factotum.protocol.runs import Run

_TAIL = 8_000


def apply(view: View, event: RunEvent | Snapshot) -> None:
    """Change `view` by one event."""
    view.seq = event.seq
    if isinstance(event, Snapshot):
        _reset(view, event)
        return
    view.run_id = event.run_id or view.run_id
    view.started_at = view.started_at or event.at
    view.changed_at = event.at
    match event:
        case TextDelta() | ReasoningDelta() | ToolArgumentsDelta() | ToolOutputDelta():
            _show_progress(view, event)
        case MessageCreated() | MessageDiscarded() | ToolStarted() | ToolFinished():
            _change_blocks(view, event)
        case ApprovalRequested(approval=approval):
            view.approvals[approval.id] = approval
        case ApprovalResolved():
            view.approvals.pop(event.approval_id, None)
        case PlanUpdated() | UsageRecorded() | SandboxChanged() | FileChanged() | ModelChanged():
            _note_change(view, event)
        case RunQueued() | RunStarted() | RunAwaiting() | RunResumed() | RunSteered():
            _go_on(view, event)
        case ThreadTitled() | BrowserFrame():
            pass
        case RunFinished() | RunFailed() | RunStopped():
            _end(view, event)
        case _:
            assert_never(event)


def _show_progress(
    view: View, event: TextDelta | ReasoningDelta | ToolArgumentsDelta | ToolOutputDelta
) -> None:
    match event:
        case TextDelta() | ReasoningDelta():
            _draft(view, event).text += event.text
        case ToolArgumentsDelta():
            call = view.call(event.call_id)
            if call is None:
                call = CallBlock(event.call_id, event.message_id, event.name)
                view.blocks.append(call)
            call.written += len(event.text)
            call.tail = (call.tail + event.text)[-_TAIL:]
        case ToolOutputDelta():
            call = view.call(event.call_id)
            if call is not None and not call.settled:
                call.written += len(event.text)
                call.tail = (call.tail + event.text)[-_TAIL:]


def _draft(view: View, event: TextDelta | ReasoningDelta) -> TextBlock | ReasoningBlock:
    """Return the block that a delta belongs to: the last one of its message if it is of its kind."""
    last = view.blocks[-1] if view.blocks else None
    kind = TextBlock if isinstance(event, TextDelta) else ReasoningBlock
    if isinstance(last, kind) and last.message_id == event.message_id and not last.settled:
        return last
    key = f"{event.message_id}:draft:{event.seq}"
    if isinstance(event, TextDelta):
        block = TextBlock(key, event.message_id, "assistant", "", settled=False)
    else:
        block = ReasoningBlock(key, event.message_id, "", settled=False)
    view.blocks.append(block)
    return block


def _change_blocks(view: View, event: MessageCreated | MessageDiscarded | ToolStarted | ToolFinished) -> None:
    match event:
        case MessageCreated(message=message):
            _take_message(view, message)
        case MessageDiscarded():
            view.blocks = [b for b in view.blocks if not _of_message(b, event.message_id, drafts=True)]
        case ToolStarted():
            call = view.call(event.call_id)
            if call is None:
                call = CallBlock(event.call_id, event.message_id, event.name)
                view.blocks.append(call)
            call.name, call.arguments = event.name, event.arguments
            call.state, call.written, call.tail = "running", 0, ""
        case ToolFinished():
            call = view.call(event.call_id)
            if call is None:
                call = CallBlock(event.call_id, "", event.name)
                view.blocks.append(call)
            call.state, call.output, call.tail = event.outcome, event.output, ""
            call.duration_ms = event.duration_ms


def _take_message(view: View, message: Message) -> None:
    """Put a stored message in the place of its draft."""
    if message.role == "tool":
        for part in message.parts:
            call = view.call(part.call_id) if isinstance(part, ToolResultPart) else None
            if isinstance(part, ToolResultPart) and call is not None and not call.settled:
                call.state, call.output, call.tail = part.outcome, part.output, ""
        return
    old = [n for n, block in enumerate(view.blocks) if _of_message(block, message.id)]
    place = old[0] if old else len(view.blocks)
    known = {b.key: b for b in view.blocks if isinstance(b, CallBlock)}
    kept = [b for n, b in enumerate(view.blocks) if n not in set(old)]
    view.blocks = [*kept[:place], *_blocks_of(message, known), *kept[place:]]


def _blocks_of(message: Message, known: dict[str, CallBlock]) -> list[Block]:
    blocks: list[Block] = []
    for number, part in enumerate(message.parts):
        key = f"{message.id}:{number}"
        if isinstance(part, TextPart) and part.text.strip():
            role: Literal["assistant", "user"] = "user" if message.role == "user" else "assistant"
            blocks.append(TextBlock(key, message.id, role, part.text, settled=True))
        elif isinstance(part, ReasoningPart) and part.text.strip():
            blocks.append(ReasoningBlock(key, message.id, part.text, settled=True))
        elif isinstance(part, ToolCallPart):
            call = known.get(part.call_id) or CallBlock(part.call_id, message.id, part.name)
            call.arguments = part.arguments
            if call.state == "writing":
                call.state, call.tail = "waiting", ""
            blocks.append(call)
        elif isinstance(part, CompactionPart):
            how = "summarised" if part.summarised else "left out: no summary could be made"
            text = f"The model no longer reads the first {part.messages} messages; they are {how}."
            blocks.append(NoteBlock(key, text))
    return blocks


def _of_message(block: Block, message_id: str, *, drafts: bool = False) -> bool:
    """Tell whether a block is part of a message; with `drafts` only if it is not stored yet."""
    if isinstance(block, (NoteBlock, PlanBlock)) or block.message_id != message_id:
        return False
    return not drafts or not block.settled


def _note_change(
    view: View, event: PlanUpdated | UsageRecorded | SandboxChanged | FileChanged | ModelChanged
) -> None:
    match event:
        case PlanUpdated():
            view.plan = event.plan
            view.blocks.append(PlanBlock(f"plan:{event.seq}", event.plan))
        case UsageRecorded():
            view.steps += event.purpose == "step"
            view.usage = view.usage.plus(event.usage)
            view.budget = event.budget or view.budget
        case SandboxChanged():
            if event.status in {"lost", "recreated"} or event.note:
                text = f"The sandbox was {event.status}. {event.note}".strip()
                view.blocks.append(NoteBlock(f"note:{event.seq}", text))
        case FileChanged():
            view.files[event.path] = event
        case ModelChanged():
            view.model = event.to_model
            text = f"{event.to_model} goes on in the place of {event.from_model}: {event.reason}"
            view.blocks.append(NoteBlock(f"note:{event.seq}", text))


def _go_on(view: View, event: RunQueued | RunStarted | RunAwaiting | RunResumed | RunSteered) -> None:
    match event:
        case RunQueued():
            view.thread_id = event.thread_id
        case RunStarted():
            view.status, view.attempt, view.model = "running", event.attempt, event.model
            if event.attempt > 1:
                text = f"The service was interrupted; the run goes on (attempt {event.attempt})."
                view.blocks.append(NoteBlock(f"note:{event.seq}", text))
            if event.notice:
                view.blocks.append(NoteBlock(f"notice:{event.seq}", event.notice))
        case RunAwaiting():
            view.status, view.question = "awaiting_input", event.question
        case RunResumed():
            view.status, view.attempt, view.question = "running", event.attempt, None
            view.approvals = {}
        case RunSteered(message=message):
            text = f"Sent, to be read next: {message.text}"
            view.blocks.append(NoteBlock(f"steered:{message.id}", text))


def _end(view: View, event: RunFinished | RunFailed | RunStopped) -> None:
    view.usage = event.usage
    view.question, view.approvals = None, {}
    match event:
        case RunFinished():
            view.status, view.finish_reason = "finished", event.reason
            view.deliverables = event.deliverables
        case RunFailed():
            view.status, view.error = "failed", event.error
        case RunStopped():
            view.status, view.not_executed = "stopped", event.not_executed
    _close_open_blocks(view)


def _close_open_blocks(view: View) -> None:
    """After the end nothing is being written: what was never stored is dropped, open calls have ended."""
    view.blocks = [b for b in view.blocks if b.settled or isinstance(b, CallBlock)]
    for block in view.blocks:
        if isinstance(block, CallBlock) and not block.settled:
            block.state, block.tail = "stopped", ""


def _reset(view: View, snapshot: Snapshot) -> None:
    """Forget all and start from a snapshot."""
    run: Run = snapshot.run
    view.run_id, view.thread_id = run.id, run.thread_id
    view.status, view.model, view.attempt, view.steps = run.status, run.model, run.attempt, run.step
    view.usage, view.plan, view.question, view.error = run.usage, run.plan, run.question, run.error
    view.budget = run.budget
    view.finish_reason, view.deliverables, view.not_executed = run.finish_reason, run.deliverables, ()
    view.started_at, view.changed_at = run.created_at, run.ended_at or view.changed_at or run.created_at
    view.approvals = {approval.id: approval for approval in snapshot.approvals}
    view.blocks, view.files = [], {}
    for message in snapshot.messages:
        _take_message(view, message)
    if view.ended:
        _close_open_blocks(view)
