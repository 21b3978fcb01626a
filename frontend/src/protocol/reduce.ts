/**
 * From events to the state of a thread. Pure: the same inputs give the same state, and an event that was
 * taken already changes nothing, so a stream may be cut and resumed, or read again from its start.
 */
import { applyToRun, closeOpen } from './reduce-run'
import { rowsOf } from './rows'
import type { Entry, EntryPart, Input, ThreadState } from './state'
import { NO_USAGE, isSettled } from './state'
import type { CallEvent, Run, RunEvent, Snapshot } from './types'
import { hasEnded } from './types'
import { TAIL_LENGTH, WorkingCopy, freshRun, runState } from './working-copy'

export function reduce(state: ThreadState, inputs: readonly Input[]): ThreadState {
  const copy = new WorkingCopy(state)
  let readHistory = false
  for (const input of inputs) {
    readHistory ||= input.type.startsWith('history.')
    switch (input.type) {
      case 'history.messages':
        for (const message of input.messages) copy.takeMessage(message)
        break
      case 'history.path':
        copy.takePath(input.messages, input.known)
        break
      case 'history.runs':
        for (const run of input.runs) {
          const known = copy.runs.get(run.id)
          // The stream knows better than a list that was read before it.
          if (known === undefined || known.seq === 0 || hasEnded(run.status)) takeRun(copy, run)
        }
        break
      case 'reset':
        reset(copy, input)
        break
      default:
        apply(copy, input)
    }
  }
  if (readHistory)
    closeOpen(copy, new Set([...copy.runs.values()].filter((run) => hasEnded(run.status)).map((run) => run.id)))
  return copy.changed ? rowsOf(state, copy) : state
}

function takeRun(copy: WorkingCopy, run: Run): void {
  copy.setRun(runState(run, copy.run(run.id)))
  if (!hasEnded(run.status)) for (const message of run.unread) copy.takeUnread(message, run.id)
}

function apply(copy: WorkingCopy, event: RunEvent): void {
  const run = copy.run(event.run_id)
  if (event.seq <= run.seq) return
  // Read again from the start, a stream counts anew what a list had told.
  if (run.seq === 0 && !hasEnded(run.status)) copy.changeRun(event.run_id, { usage: NO_USAGE })
  switch (event.type) {
    case 'text.delta':
    case 'reasoning.delta':
      write(copy, event.run_id, event.message_id, event.type === 'text.delta' ? 'text' : 'reasoning', event.text)
      break
    case 'tool.arguments.delta':
    case 'tool.output.delta':
    case 'tool.started':
    case 'tool.finished':
      applyToCall(copy, event)
      break
    case 'message.created':
      copy.takeMessage(event.message)
      if (event.message.role === 'user' && run.messageId === null)
        copy.changeRun(event.run_id, { messageId: event.message.id })
      break
    case 'message.discarded':
      if (copy.entries.get(event.message_id)?.position === null) copy.dropEntry(event.message_id)
      break
    default:
      applyToRun(copy, event)
  }
  copy.changeRun(event.run_id, { seq: event.seq })
}

function applyToCall(copy: WorkingCopy, event: CallEvent): void {
  const call = copy.calls.get(event.call_id)
  const settled = call !== undefined && isSettled(call.state)
  switch (event.type) {
    case 'tool.arguments.delta': {
      if (isStored(copy, event.message_id)) return
      const draft = draftOf(copy, event.run_id, event.message_id)
      if (!draft.parts.some((part) => part.type === 'call' && part.callId === event.call_id)) {
        copy.setEntry({ ...draft, parts: [...draft.parts, { type: 'call', callId: event.call_id }] })
      }
      copy.changeCall(event.call_id, event.run_id, {
        messageId: event.message_id,
        name: event.name,
        state: 'writing',
        written: (call?.written ?? 0) + event.text.length,
        tail: ((call?.tail ?? '') + event.text).slice(-TAIL_LENGTH),
      })
      return
    }
    case 'tool.output.delta':
      if (!settled)
        copy.changeCall(event.call_id, event.run_id, { tail: ((call?.tail ?? '') + event.text).slice(-TAIL_LENGTH) })
      return
    case 'tool.started':
      if (!settled)
        copy.changeCall(event.call_id, event.run_id, {
          name: event.name,
          arguments: event.arguments,
          state: 'running',
          tail: '',
        })
      return
    case 'tool.finished':
      copy.changeCall(event.call_id, event.run_id, {
        name: event.name,
        state: event.outcome,
        output: event.output,
        display: event.display ?? null,
        durationMs: event.duration_ms,
        tail: '',
      })
  }
}

/** Forgets what is known of a run and starts from its snapshot. */
function reset(copy: WorkingCopy, snapshot: Snapshot): void {
  for (const entry of [...copy.entries.values()]) {
    if (entry.runId === snapshot.run.id) copy.dropEntry(entry.id)
  }
  const before = copy.run(snapshot.run.id)
  copy.setRun({
    ...runState(snapshot.run, { ...freshRun(snapshot.run.id), contextTokens: before.contextTokens }),
    seq: snapshot.seq,
    fileChanges: before.fileChanges + 1,
    approvals: snapshot.approvals,
  })
  for (const message of snapshot.messages) copy.takeMessage(message)
  for (const message of snapshot.run.unread) copy.takeUnread(message, snapshot.run.id)
  if (hasEnded(snapshot.run.status)) closeOpen(copy, new Set([snapshot.run.id]))
}

function write(copy: WorkingCopy, runId: string, messageId: string, type: 'text' | 'reasoning', text: string): void {
  if (isStored(copy, messageId)) return
  const draft = draftOf(copy, runId, messageId)
  const last = draft.parts.at(-1)
  const part: EntryPart =
    type === 'text'
      ? { type, text: (last?.type === type ? last.text : '') + text, cut: null }
      : { type, text: (last?.type === type ? last.text : '') + text }
  const kept = last?.type === type ? draft.parts.slice(0, -1) : draft.parts
  copy.setEntry({ ...draft, parts: [...kept, part] })
}

function isStored(copy: WorkingCopy, messageId: string): boolean {
  return typeof copy.entries.get(messageId)?.position === 'number'
}

function draftOf(copy: WorkingCopy, runId: string, id: string): Entry {
  return copy.entries.get(id) ?? { id, runId, position: null, role: 'assistant', parts: [], siblings: [] }
}
