/** A thread's state while a batch of inputs changes it: maps are copied once, when they first change. */
import type { Call, Entry, EntryPart, RunState, ThreadState } from './state'
import { NO_USAGE } from './state'
import type { Message, PlacedMessage, Run, UnreadMessage } from './types'
import { hasEnded } from './types'

export const TAIL_LENGTH = 16_000

export class WorkingCopy {
  entries: ReadonlyMap<string, Entry>
  calls: ReadonlyMap<string, Call>
  runs: ReadonlyMap<string, RunState>
  readonly #before: ThreadState

  constructor(before: ThreadState) {
    this.#before = before
    this.entries = before.entries
    this.calls = before.calls
    this.runs = before.runs
  }

  get changed(): boolean {
    const before = this.#before
    return this.entries !== before.entries || this.calls !== before.calls || this.runs !== before.runs
  }

  setEntry(entry: Entry): void {
    this.entries = this.#writable(this.entries, this.#before.entries).set(entry.id, entry)
  }

  setCall(call: Call): void {
    this.calls = this.#writable(this.calls, this.#before.calls).set(call.id, call)
  }

  setRun(run: RunState): void {
    this.runs = this.#writable(this.runs, this.#before.runs).set(run.id, run)
  }

  run(id: string): RunState {
    return this.runs.get(id) ?? freshRun(id)
  }

  changeRun(id: string, changes: Partial<RunState>): void {
    this.setRun({ ...this.run(id), ...changes })
  }

  /** Changes a call, making it where an event names one that is not known yet. */
  changeCall(id: string, runId: string, changes: Partial<Call>): void {
    this.setCall({ ...(this.calls.get(id) ?? freshCall(id, runId)), ...changes })
  }

  /** Removes a message, and the calls it wrote unless they have ended. */
  dropEntry(id: string): void {
    const entry = this.entries.get(id)
    if (entry === undefined) return
    const entries = this.#writable(this.entries, this.#before.entries)
    entries.delete(id)
    this.entries = entries
    const calls = this.#writable(this.calls, this.#before.calls)
    for (const part of entry.parts) if (part.type === 'call') calls.delete(part.callId)
    this.calls = calls
  }

  /** Takes the end of the thread's path; stored messages after its beginning that are not on it go. */
  takePath(messages: readonly PlacedMessage[], known: ReadonlySet<string>): void {
    const onPath = new Set(messages.map(({ id }) => id))
    // What is known before a message that is on the path is on it too: what is known is one path.
    const shared = messages.find(({ id }) => typeof this.entries.get(id)?.position === 'number')
    const last = messages.at(-1)?.position ?? 0
    for (const { id, position, runId } of [...this.entries.values()]) {
      if (position === null || onPath.has(id) || !known.has(id) || position < (shared?.position ?? 0)) continue
      // What a run wrote since the path was read is its end.
      if (position > last && runId !== null && !hasEnded(this.run(runId).status)) continue
      this.dropEntry(id)
      // Where its branch is chosen again, its log is read again for the details.
      if (runId !== null && hasEnded(this.run(runId).status)) this.changeRun(runId, { seq: 0, notes: [] })
    }
    for (const message of messages) this.takeMessage(message)
  }

  /** Takes a stored message: it replaces its draft, and results settle their calls. */
  takeMessage(message: Message | PlacedMessage): void {
    const runId = message.run_id ?? null
    const parts: EntryPart[] = []
    for (const part of message.parts) {
      switch (part.type) {
        case 'tool_result': {
          const call = this.calls.get(part.call_id)
          if (call === undefined || call.durationMs === null || call.output !== part.output) {
            this.changeCall(part.call_id, runId ?? '', {
              name: part.name,
              state: part.outcome,
              output: part.output,
              display: part.display ?? null,
              tail: '',
            })
          }
          break
        }
        case 'tool_call':
          this.#takeCall(part, message.id, runId ?? '')
          parts.push({ type: 'call', callId: part.call_id })
          break
        case 'compaction':
          parts.push({ type: 'note', said: { code: part.summarised ? 'summarised' : 'left_out' } })
          break
        case 'text':
          if (part.text.trim() !== '') parts.push({ type: 'text', text: part.text, cut: part.cut ?? null })
          break
        case 'reasoning':
          if (part.text.trim() !== '') parts.push({ type: 'reasoning', text: part.text })
          break
        default:
        // References say nothing to a person, and a service newer than this page may write other kinds.
      }
    }
    if (message.role === 'tool') return
    const isAboutContext = message.parts.some(({ type }) => type === 'compaction' || type === 'references')
    const role = isAboutContext ? 'context' : message.role
    const known = this.entries.get(message.id)
    // An event does not tell of them.
    const siblings =
      'siblings' in message
        ? message.siblings
        : known === undefined || known.position === null
          ? [message.id]
          : known.siblings
    this.setEntry({ id: message.id, runId, position: message.position, role, parts, siblings })
  }

  /** Takes what was sent into a run and is not stored yet. */
  takeUnread(message: UnreadMessage, runId: string): void {
    if (this.entries.has(message.id)) return
    const parts: EntryPart[] = [{ type: 'text', text: message.text, cut: null }]
    this.setEntry({ id: message.id, runId, position: null, role: 'user', parts, siblings: [] })
  }

  #takeCall(part: Extract<Message['parts'][number], { type: 'tool_call' }>, messageId: string, runId: string): void {
    const known = this.calls.get(part.call_id)
    const waits = known === undefined || known.state === 'writing'
    this.changeCall(part.call_id, runId, {
      runId,
      messageId,
      name: part.name,
      arguments: part.arguments,
      fault: part.fault ?? null,
      ...(waits ? { state: 'waiting', tail: '', written: 0 } : {}),
    })
  }

  #writable<Value>(current: ReadonlyMap<string, Value>, before: ReadonlyMap<string, Value>): Map<string, Value> {
    // Maps that are no longer the ones from before were made here, so they may be changed.
    return current === before ? new Map(current) : (current as Map<string, Value>)
  }
}

export function runState(run: Run, before: RunState): RunState {
  return {
    ...before,
    id: run.id,
    status: run.status,
    model: run.model,
    attempt: run.attempt,
    messageId: run.message_id ?? null,
    input: run.input ?? null,
    question: run.question ?? null,
    plan: run.plan ?? null,
    usage: run.usage,
    budget: run.budget ?? null,
    reason: run.finish_reason ?? null,
    error: run.error ?? null,
    deliverables: run.deliverables,
    createdAt: run.created_at,
    startedAt: run.started_at ?? null,
    endedAt: run.ended_at ?? null,
  }
}

export function freshRun(id: string): RunState {
  return {
    id,
    status: 'queued',
    model: '',
    attempt: 0,
    messageId: null,
    input: null,
    question: null,
    approvals: [],
    plan: null,
    usage: NO_USAGE,
    budget: null,
    contextTokens: 0,
    reason: null,
    error: null,
    deliverables: [],
    notes: [],
    seq: 0,
    createdAt: '',
    startedAt: null,
    endedAt: null,
    fileChanges: 0,
    browser: null,
  }
}

export function freshCall(id: string, runId: string): Call {
  return {
    id,
    runId,
    messageId: '',
    name: '',
    arguments: {},
    state: 'waiting',
    written: 0,
    tail: '',
    output: '',
    display: null,
    durationMs: null,
    fault: null,
  }
}
