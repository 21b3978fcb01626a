/** The rows of a thread, from its messages, calls and runs. A row that shows the same stays the same object. */
import type { Call, Entry, Row, RunState, ThreadState } from './state'
import type { Question } from './types'
import { runsInOrder } from './state'
import { hasEnded } from './types'

type Content = Pick<ThreadState, 'entries' | 'calls' | 'runs'>

export function rowsOf(before: ThreadState, content: Content): ThreadState {
  const rows = new Map<string, Row>()
  for (const row of build(content)) {
    const known = before.rows.get(row.id)
    rows.set(row.id, known !== undefined && same(known, row) ? known : row)
  }
  const ids = [...rows.keys()]
  const unchanged = ids.length === before.rowIds.length && ids.every((id, place) => id === before.rowIds[place])
  const { entries, calls, runs } = content
  return { entries, calls, runs, rows, rowIds: unchanged ? before.rowIds : ids, currentRunId: currentRun(content) }
}

function currentRun(content: Content): string | null {
  const open = runsInOrder(content).find((run) => !hasEnded(run.status))
  if (open !== undefined) return open.id
  let last: Entry | undefined
  for (const entry of content.entries.values())
    if (entry.runId !== null && (entry.position ?? 0) >= (last?.position ?? 0)) last = entry
  return last?.runId ?? null
}

function* build(content: Content): Generator<Row> {
  const busy = [...content.runs.values()].some((run) => !hasEnded(run.status) && run.status !== 'queued')
  const found = groups(content)
  const left = leftOff(found, content)
  for (const group of found) {
    const run = group.runId === null ? undefined : content.runs.get(group.runId)
    yield* notesAfter(null, run)
    for (const entry of group.entries) {
      yield* rowsOfEntry(entry, content, run, busy)
      yield* notesAfter(entry.id, run)
    }
    if (run !== undefined && isUntold(run, group.entries))
      yield {
        kind: 'user',
        id: `task:${run.id}`,
        text: run.input ?? '',
        queued: busy,
        unread: false,
        runId: run.id,
        siblings: [],
      }
    if (run !== undefined && !left.has(run.id)) yield* closing(run, group.entries, content)
  }
}

function* notesAfter(entryId: string | null, run: RunState | undefined): Generator<Row> {
  for (const { id, said, after } of run?.notes ?? []) {
    // That a run goes on is news until it has ended: then its page is as if nothing had come between.
    if (after !== entryId || (said.code === 'interrupted' && run !== undefined && hasEnded(run.status))) continue
    yield { kind: 'note', id, said }
  }
}

/** Until its turn a run's task is no message yet. */
function isUntold(run: RunState, entries: readonly Entry[]): boolean {
  return run.input !== null && !hasEnded(run.status) && !entries.some((entry) => entry.position !== null)
}

/** The runs that the path leaves in their middle, where another one began again from what they had been told. */
function leftOff(found: readonly Group[], content: Content): ReadonlySet<string> {
  const left = new Set<string>()
  for (const { runId } of found) {
    const from = content.runs.get(runId ?? '')?.messageId
    const told = from == null ? undefined : content.entries.get(from)
    if (told !== undefined && told.runId !== null && told.runId !== runId) left.add(told.runId)
  }
  return left
}

interface Group {
  runId: string | null
  start: number
  entries: Entry[]
}

/** The messages run by run: what is queued behind a run stands after it, not in the middle of it. */
function groups(content: Content): Group[] {
  const found = new Map<string, Group>()
  const stored = [...content.entries.values()].sort((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity))
  let last: Group | undefined
  for (const entry of stored) {
    const start = entry.position ?? Number.MAX_SAFE_INTEGER
    const key = entry.runId ?? last?.runId ?? `message:${entry.id}`
    let group = found.get(key)
    if (group === undefined) {
      group = { runId: entry.runId, start, entries: [] }
      found.set(key, group)
    }
    group.entries.push(entry)
    if (entry.runId !== null) last = group
  }
  for (const run of runsInOrder(content)) {
    // A run whose messages are further up than what is loaded has no rows.
    if (!found.has(run.id) && !hasEnded(run.status)) found.set(run.id, { runId: run.id, start: Infinity, entries: [] })
  }
  return [...found.values()].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
}

function* rowsOfEntry(entry: Entry, content: Content, run: RunState | undefined, busy: boolean): Generator<Row> {
  const live = entry.position === null
  if (entry.role === 'user') {
    const text = entry.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
    const queued = busy && run?.status === 'queued'
    const { runId, siblings } = entry
    yield { kind: 'user', id: entry.id, text, queued, unread: live, runId, siblings }
    return
  }
  for (const [place, part] of entry.parts.entries()) {
    const id = `${entry.id}:${String(place)}`
    const isLast = live && place === entry.parts.length - 1
    if (part.type === 'call') {
      const call = content.calls.get(part.callId)
      if (call !== undefined && isShown(call, run)) yield { kind: 'call', id: call.id, call }
    } else if (part.type === 'note') {
      yield { kind: 'note', id, said: part.said }
    } else if (part.type === 'text') {
      yield { kind: 'text', id, text: part.text, live: isLast, cut: part.cut }
    } else {
      yield { kind: 'reasoning', id, text: part.text, live: isLast }
    }
  }
}

const ASKING: ReadonlySet<Question['reason']> = new Set<Question['reason']>([
  'question',
  'hand_over',
  'unknown_outcome',
])

/** A question that is open is shown as a form, not as a call. */
function isShown(call: Call, run: RunState | undefined): boolean {
  const question = run?.question
  if (question == null) return true
  return !unsureOf(question).includes(call.id) && (question.call_id !== call.id || !ASKING.has(question.reason))
}

/** The calls that nobody knows the outcome of; none in what an older service wrote. */
function unsureOf({ call_ids = [] }: Partial<Question>): readonly string[] {
  return call_ids
}

function* closing(run: RunState, entries: readonly Entry[], content: Content): Generator<Row> {
  if (run.question !== null && run.status === 'awaiting_input') {
    yield {
      kind: 'question',
      id: `question:${run.id}`,
      runId: run.id,
      question: run.question,
      approvals: run.approvals,
      calls: unsureOf(run.question).flatMap((id) => content.calls.get(id) ?? []),
    }
  } else if (hasEnded(run.status)) {
    const undone: Call[] = []
    if (run.status === 'stopped') {
      for (const call of content.calls.values())
        if (call.runId === run.id && (call.state === 'stopped' || call.state === 'unknown')) undone.push(call)
    }
    const answer = entries.find(({ role }) => role === 'assistant')
    const siblings = answer?.siblings ?? []
    yield { kind: 'end', id: `end:${run.id}`, run, undone, answer: answer?.id ?? null, siblings }
  } else if (run.status !== 'queued' || entries.length > 0 || run.input !== null || run.messageId !== null) {
    const draft = entries.findLast(({ position, role }) => position === null && role === 'assistant')
    const part = draft?.parts.at(-1)
    const visible = part !== undefined && part.type !== 'call'
    const queuedBehind =
      run.status === 'queued' &&
      [...content.runs.values()].some(
        (other) => other.id !== run.id && !hasEnded(other.status) && other.createdAt < run.createdAt,
      )
    if (!visible && !queuedBehind) yield { kind: 'working', id: `working:${run.id}`, status: run.status }
  }
}

function same(one: Row, other: Row): boolean {
  const a: object = one
  const b: object = other
  const keys = Object.keys(a) as (keyof typeof a)[]
  return keys.length === Object.keys(b).length && keys.every((key) => equal(a[key], b[key]))
}

function equal(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (!Array.isArray(one) || !Array.isArray(other)) return false
  return one.length === other.length && one.every((item, place) => Object.is(item, other[place]))
}
