/** What the page knows of a thread: messages, calls and runs by id, and the rows that show them. */
import type {
  Approval,
  BudgetUse,
  ErrorInfo,
  Message,
  Outcome,
  PlacedMessage,
  Plan,
  Question,
  Run,
  RunStatus,
  StreamEvent,
  Usage,
} from './types'

export type CallState = 'writing' | 'waiting' | 'running' | Outcome

/** Whether a call has ended, whatever came of it. */
export function isSettled(state: CallState): state is Outcome {
  return state === 'ok' || state === 'error' || state === 'unknown' || state === 'stopped'
}

/**
 * One tool call. `tail` is the end of what is being written or put out; `output` what the model read, and
 * `display` the same with a terminal's colours, where it has some.
 */
export interface Call {
  readonly id: string
  readonly runId: string
  readonly messageId: string
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly state: CallState
  readonly written: number
  readonly tail: string
  readonly output: string
  readonly display: string | null
  readonly durationMs: number | null
  readonly fault: string | null
}

export type EntryPart =
  | { readonly type: 'text'; readonly text: string; readonly cut: string | null }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'call'; readonly callId: string }
  | { readonly type: 'note'; readonly said: Said }

/**
 * A message of a person or the agent; `context` is about what the model reads, and nobody's words.
 * `position` null: not stored yet, the agent's draft, or what a person sent and the run has not read.
 */
export interface Entry {
  readonly id: string
  readonly runId: string | null
  readonly position: number | null
  readonly role: 'user' | 'assistant' | 'context'
  readonly parts: readonly EntryPart[]
  /** The messages in the same place of other branches, in the order of storing, its own id among them. */
  readonly siblings: readonly string[]
}

/** What people are shown of what a call put out: so far, or in the end. */
export function shownOutput(call: Call): string {
  return call.output === '' ? call.tail : (call.display ?? call.output)
}

/** What is told between the messages; the words for it are found where it is shown. */
export type Said =
  | { readonly code: 'interrupted' | 'summarised' | 'left_out' }
  | { readonly code: 'notice'; readonly text: string }
  | { readonly code: 'model_changed'; readonly to: string; readonly from: string; readonly reason: string }
  | { readonly code: 'sandbox'; readonly status: 'lost' | 'recreated'; readonly note: string }

export interface Note {
  readonly id: string
  readonly said: Said
  /** The message it stands after; null: before the run's first. */
  readonly after: string | null
}

/** What the agent's browser shows; `seq` is another number for another picture of it. */
export interface BrowserView {
  readonly address: string
  readonly title: string
  readonly seq: number
}

export interface RunState {
  readonly id: string
  readonly status: RunStatus
  readonly model: string
  readonly attempt: number
  /** The message that it works on; null until its turn has come. */
  readonly messageId: string | null
  /** The task, until the run has its turn and stores it as a message. */
  readonly input: string | null
  readonly question: Question | null
  /** The calls that wait for a person's decision. */
  readonly approvals: readonly Approval[]
  readonly plan: Plan | null
  readonly usage: Usage
  readonly budget: BudgetUse | null
  /** Tokens of the newest model call's input: how full the context is. */
  readonly contextTokens: number
  readonly reason: string | null
  readonly error: ErrorInfo | null
  readonly deliverables: readonly string[]
  readonly notes: readonly Note[]
  /** The newest event of its stream that is included. */
  readonly seq: number
  readonly createdAt: string
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** Counts changes of the workspace, so that lists of files know when to look again. */
  readonly fileChanges: number
  /** Null while the run has used no browser. */
  readonly browser: BrowserView | null
}

export type Row =
  | {
      readonly kind: 'user'
      readonly id: string
      readonly text: string
      readonly queued: boolean
      /** Sent into a run that has not read it yet. */
      readonly unread: boolean
      readonly runId: string | null
      /** See Entry; empty while it is no message of the thread yet. */
      readonly siblings: readonly string[]
    }
  | {
      readonly kind: 'text'
      readonly id: string
      readonly text: string
      readonly live: boolean
      readonly cut: string | null
    }
  | { readonly kind: 'reasoning'; readonly id: string; readonly text: string; readonly live: boolean }
  | { readonly kind: 'call'; readonly id: string; readonly call: Call }
  | { readonly kind: 'note'; readonly id: string; readonly said: Said }
  | {
      readonly kind: 'question'
      readonly id: string
      readonly runId: string
      readonly question: Question
      readonly approvals: readonly Approval[]
      /** Those whose outcome is unknown, and that it is about. */
      readonly calls: readonly Call[]
    }
  | { readonly kind: 'working'; readonly id: string; readonly status: RunStatus }
  | {
      readonly kind: 'end'
      readonly id: string
      readonly run: RunState
      readonly undone: readonly Call[]
      /** The run's first answer, and those of other tries; null where it never answered. */
      readonly answer: string | null
      readonly siblings: readonly string[]
    }

export interface ThreadState {
  readonly entries: ReadonlyMap<string, Entry>
  readonly calls: ReadonlyMap<string, Call>
  readonly runs: ReadonlyMap<string, RunState>
  readonly rows: ReadonlyMap<string, Row>
  /** The rows from top to bottom; the same array while their order is the same. */
  readonly rowIds: readonly string[]
  /** The run that goes on or waits; else the last one of the path. */
  readonly currentRunId: string | null
}

/** What changes a thread: an event of a run's stream, or what was read from the service. */
export type Input =
  | StreamEvent
  | { readonly type: 'history.messages'; readonly messages: readonly Message[] }
  /** The end of the path that the thread goes on with: what is not on it is on another branch. */
  | {
      readonly type: 'history.path'
      readonly messages: readonly PlacedMessage[]
      /** The messages that were known before it was read: newer ones may follow it. */
      readonly known: ReadonlySet<string>
    }
  | { readonly type: 'history.runs'; readonly runs: readonly Run[] }

export const EMPTY: ThreadState = {
  entries: new Map(),
  calls: new Map(),
  runs: new Map(),
  rows: new Map(),
  rowIds: [],
  currentRunId: null,
}

export const NO_USAGE: Usage = {
  input_tokens: 0,
  cached_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  cost_usd: null,
  context: null,
}

export function addUsage(one: Usage, other: Usage): Usage {
  const known = [one.cost_usd, other.cost_usd].filter((cost): cost is number => cost != null)
  return {
    input_tokens: one.input_tokens + other.input_tokens,
    cached_tokens: one.cached_tokens + other.cached_tokens,
    cache_write_tokens: one.cache_write_tokens + other.cache_write_tokens,
    output_tokens: one.output_tokens + other.output_tokens,
    cost_usd: known.length > 0 ? known.reduce((sum, cost) => sum + cost) : null,
    context: other.context ?? one.context,
  }
}

/** The runs of a thread, oldest first. */
export function runsInOrder(state: Pick<ThreadState, 'runs'>): RunState[] {
  return [...state.runs.values()].sort((a, b) =>
    a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1,
  )
}
