/**
 * A thread from its beginning, moment by moment: stored messages taken apart into what the reducer would have been
 * told while it happened. Pure.
 */
import { reduce } from './reduce'
import type { Input, ThreadState } from './state'
import { EMPTY, NO_USAGE } from './state'
import type { Message, Part, Plan, PlanItem, RunEvent, SharedRun, Usage } from './types'

/** What is known of a run besides its messages; of a shared one only how it ended and what it delivered. */
export type ToldRun = SharedRun & { readonly model?: string; readonly usage?: Usage }

export interface Moment {
  /** When it happened, in milliseconds since 1970. */
  readonly at: number
  readonly inputs: readonly Input[]
  /** What happened: somebody's words, a call, its result, or the end of a task. */
  readonly what:
    | { readonly kind: 'user' | 'text' | 'thought'; readonly text: string }
    | { readonly kind: 'call' | 'result'; readonly callId: string }
    | { readonly kind: 'end'; readonly status: ToldRun['status'] }
}

type Bare<Event> = Event extends RunEvent ? Omit<Event, 'run_id' | 'seq' | 'at'> : never

const STEPS = 40
const LEAST_STEP = 50

export class Replay {
  readonly moments: readonly Moment[]
  /** States that were computed, by how many moments are in them. */
  readonly #known = new Map<number, ThreadState>([[0, EMPTY]])
  readonly #step: number
  #last = 0

  constructor(messages: readonly Message[], runs: readonly ToldRun[], durations: ReadonlyMap<string, number> = NONE) {
    this.moments = [...momentsOf(messages, runs, durations)]
    this.#step = Math.max(LEAST_STEP, Math.ceil(this.moments.length / STEPS))
  }

  /** The thread when the first `count` moments had happened. */
  stateAfter(count: number): ThreadState {
    const wanted = Math.max(0, Math.min(this.moments.length, count))
    let from = this.#last <= wanted ? this.#last : 0
    for (const known of this.#known.keys()) if (known <= wanted && known > from) from = known
    let state = this.#known.get(from) ?? EMPTY
    while (from < wanted) {
      const next = Math.min(wanted, (Math.floor(from / this.#step) + 1) * this.#step)
      const inputs = this.moments.slice(from, next).flatMap((moment) => moment.inputs)
      state = reduce(state, inputs)
      from = next
      this.#known.set(from, state)
    }
    // What lies between the steps is kept for the newest moment alone.
    if (this.#last !== wanted && this.#last % this.#step !== 0) this.#known.delete(this.#last)
    this.#last = wanted
    return state
  }
}

const NONE: ReadonlyMap<string, number> = new Map()

function* momentsOf(
  messages: readonly Message[],
  runs: readonly ToldRun[],
  durations: ReadonlyMap<string, number>,
): Generator<Moment> {
  const told = new Map(runs.map((run) => [run.id, run]))
  const teller = new Teller()
  const results = new Set(messages.flatMap(({ parts }) => parts.flatMap((part) => resultOf(part) ?? [])))
  const plans = new Map<string, Plan>()
  let pending: { id: string; name: string; arguments: Record<string, unknown> }[] = []
  let present: ToldRun | undefined

  for (const message of messages) {
    const runId = message.run_id ?? null
    const at = Date.parse(message.created_at)
    const before: Input[] = []
    if (present !== undefined && runId !== present.id) {
      yield endOf(present, teller)
      present = undefined
    }
    if (runId !== null && !teller.knows(runId)) {
      present = told.get(runId)
      const began = present?.started_at ?? message.created_at
      before.push(
        teller.tell(runId, began, { type: 'run.started', attempt: 1, model: present?.model ?? '', notice: '' }),
      )
    }
    const isOpen = runId !== null && !told.has(runId)
    // Of a task that went on when it was shared, only what was finished then is known.
    const parts = isOpen
      ? message.parts.filter((part) => part.type !== 'tool_call' || results.has(part.call_id))
      : message.parts
    for (const [place, part] of parts.entries()) {
      const inputs = place === 0 ? before : []
      const soFar: Input = { type: 'history.messages', messages: [{ ...message, parts: parts.slice(0, place + 1) }] }
      const last = place === parts.length - 1
      if (part.type === 'tool_result') {
        const call = pending.find(({ id }) => id === part.call_id)
        pending = pending.filter((one) => one !== call)
        if (runId !== null) inputs.push(teller.tell(runId, message.created_at, finished(part, durations)))
        inputs.push(soFar)
        const plan = plans.get(part.call_id)
        if (plan !== undefined && part.outcome === 'ok' && runId !== null)
          inputs.push(teller.tell(runId, message.created_at, { type: 'plan.updated', plan }))
        if (runId !== null) inputs.push(...begun(pending[0], message, teller, runId))
        yield { at, inputs, what: { kind: 'result', callId: part.call_id } }
        continue
      }
      inputs.push(soFar)
      if (part.type === 'tool_call') {
        pending.push({ id: part.call_id, name: part.name, arguments: part.arguments })
        const plan = part.name === 'update_plan' ? planOf(part.arguments) : null
        if (plan !== null) plans.set(part.call_id, plan)
      }
      if (last && runId !== null) inputs.push(...begun(pending[0], message, teller, runId))
      yield { at, inputs, what: whatIs(message, part) }
    }
  }
  if (present !== undefined) yield endOf(present, teller)
}

/** Gives events their envelope, a row of numbers for each run. */
class Teller {
  readonly #seq = new Map<string, number>()

  knows(runId: string): boolean {
    return this.#seq.has(runId)
  }

  tell(runId: string, at: string, event: Bare<RunEvent>): RunEvent {
    const seq = (this.#seq.get(runId) ?? 0) + 1
    this.#seq.set(runId, seq)
    return { ...event, run_id: runId, seq, at }
  }
}

function resultOf(part: Part): string | null {
  return part.type === 'tool_result' ? part.call_id : null
}

function whatIs(message: Message, part: Part): Moment['what'] {
  if (part.type === 'tool_call') return { kind: 'call', callId: part.call_id }
  if (part.type === 'text') return { kind: message.role === 'user' ? 'user' : 'text', text: part.text }
  return { kind: 'thought', text: '' }
}

function finished(
  part: Extract<Part, { type: 'tool_result' }>,
  durations: ReadonlyMap<string, number>,
): Bare<Extract<RunEvent, { type: 'tool.finished' }>> {
  const { call_id, name, outcome, output, display } = part
  return { type: 'tool.finished', call_id, name, outcome, output, display, duration_ms: durations.get(call_id) ?? 0 }
}

function begun(
  call: { id: string; name: string; arguments: Record<string, unknown> } | undefined,
  message: Message,
  teller: Teller,
  runId: string,
): RunEvent[] {
  if (call === undefined) return []
  const { id, name, arguments: given } = call
  const event = { type: 'tool.started', call_id: id, message_id: message.id, name, arguments: given } as const
  return [teller.tell(runId, message.created_at, event)]
}

function endOf(run: ToldRun, teller: Teller): Moment {
  const usage = run.usage ?? NO_USAGE
  const error = { code: '', message: '', hint: '' }
  const event: Bare<RunEvent> =
    run.status === 'failed'
      ? { type: 'run.failed', error, usage }
      : run.status === 'stopped'
        ? { type: 'run.stopped', not_executed: [], usage }
        : { type: 'run.finished', reason: 'complete', deliverables: run.deliverables, usage }
  return {
    at: Date.parse(run.ended_at),
    inputs: [teller.tell(run.id, run.ended_at, event)],
    what: { kind: 'end', status: run.status },
  }
}

const STATUSES: ReadonlySet<unknown> = new Set(['pending', 'active', 'done', 'skipped'])

/** The plan that a call wrote; null where its arguments are none. */
function planOf(given: Readonly<Record<string, unknown>>): Plan | null {
  return Array.isArray(given.items) ? { items: given.items.filter(isItem) } : null
}

function isItem(item: unknown): item is PlanItem {
  return (
    typeof item === 'object' &&
    item !== null &&
    'text' in item &&
    typeof item.text === 'string' &&
    'status' in item &&
    STATUSES.has(item.status)
  )
}
