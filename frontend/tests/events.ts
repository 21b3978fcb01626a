/** Event lists as the service's log holds them. */
import type { Message, Run, RunEvent, Snapshot, Usage } from '@/protocol/types'

export const RUN = '0190a0a0-0000-7000-8000-000000000001'
export const THREAD = '0190a0a0-0000-7000-8000-000000000002'
const BEGAN = Date.parse('2026-01-02T03:04:05Z')
export const USAGE: Usage = {
  input_tokens: 1000,
  cached_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 200,
  cost_usd: 0.01,
  context: null,
}

type Bare = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'run_id' | 'seq' | 'at'>
    : never
  : never

/** Gives events their envelope: dense numbers from 1, half a second apart. */
export function stamped(events: readonly Bare[], runId = RUN): RunEvent[] {
  return events.map((event, place) => ({
    ...event,
    run_id: runId,
    seq: place + 1,
    at: new Date(BEGAN + place * 500).toISOString(),
  }))
}

export function message(
  id: string,
  position: number,
  role: Message['role'],
  parts: Message['parts'],
  runId: string | null = RUN,
): Message {
  return {
    id,
    thread_id: THREAD,
    parent_id: null,
    run_id: runId,
    position,
    role,
    parts,
    model: null,
    created_at: new Date(BEGAN).toISOString(),
  }
}

export function run(changes: Partial<Run> = {}): Run {
  return {
    id: RUN,
    thread_id: THREAD,
    project_id: 'p',
    account_id: 'a',
    status: 'running',
    model: 'openai/scripted',
    agent_id: null,
    options: {
      dialect: 'auto',
      execute_tools: true,
      execute_on_stream: false,
      tool_execution: 'sequential',
      xml_adding_strategy: 'user_message',
      budget: {},
      policy: { deny: [], ask: [] },
    },
    message_id: 'm0',
    input: null,
    unread: [],
    attempt: 1,
    step: 1,
    usage: USAGE,
    budget: null,
    plan: null,
    question: null,
    finish_reason: null,
    error: null,
    deliverables: [],
    created_at: new Date(BEGAN).toISOString(),
    started_at: null,
    ended_at: null,
    ...changes,
  }
}

const shell = {
  type: 'tool_call',
  call_id: 'c1',
  name: 'shell',
  arguments: { command: 'ls' },
  dialect: 'native',
  raw: '',
  fault: null,
  seams: [],
} satisfies Message['parts'][number]
const done = { ...shell, call_id: 'c2', name: 'complete', arguments: { summary: 'There are **two** files.' } } as const

const recorded = {
  type: 'usage.recorded',
  model: 'openai/scripted',
  usage: USAGE,
  finish_reason: 'tool_calls',
  purpose: 'step',
  budget: null,
} as const

/** A run that thinks, plans, runs a command whose first try is withdrawn, and completes. */
export function wholeRun(): RunEvent[] {
  return stamped([
    { type: 'run.queued', thread_id: THREAD },
    {
      type: 'message.created',
      message: message('m0', 1, 'user', [{ type: 'text', text: 'Count the files', cut: null, seams: [] }]),
    },
    { type: 'run.started', attempt: 1, model: 'openai/scripted', notice: '' },
    { type: 'text.delta', message_id: 'lost', text: 'This was never ' },
    { type: 'message.discarded', message_id: 'lost' },
    { type: 'reasoning.delta', message_id: 'm1', text: 'Let me ' },
    { type: 'reasoning.delta', message_id: 'm1', text: 'see.' },
    { type: 'text.delta', message_id: 'm1', text: 'I will ' },
    { type: 'text.delta', message_id: 'm1', text: 'look.' },
    {
      type: 'tool.arguments.delta',
      message_id: 'm1',
      call_id: 'c1',
      name: 'shell',
      parameter: null,
      text: '{"command": "ls',
    },
    {
      type: 'message.created',
      message: message('m1', 2, 'assistant', [
        { type: 'reasoning', text: 'Let me see.', signed: null },
        { type: 'text', text: 'I will look.', cut: null, seams: [] },
        shell,
      ]),
    },
    recorded,
    { type: 'plan.updated', plan: { items: [{ text: 'Count', status: 'active' }] } },
    { type: 'tool.started', call_id: 'c1', message_id: 'm1', name: 'shell', arguments: { command: 'ls' } },
    { type: 'tool.output.delta', call_id: 'c1', stream: 'stdout', text: 'a.txt\n' },
    { type: 'file.changed', path: 'a.txt', action: 'created', size_bytes: 4 },
    {
      type: 'tool.finished',
      call_id: 'c1',
      name: 'shell',
      outcome: 'ok',
      output: 'a.txt\n[exit code 0]',
      display: null,
      duration_ms: 320,
    },
    {
      type: 'message.created',
      message: message('m2', 3, 'tool', [
        {
          type: 'tool_result',
          call_id: 'c1',
          name: 'shell',
          output: 'a.txt\n[exit code 0]',
          display: null,
          outcome: 'ok',
          images: [],
        },
      ]),
    },
    { type: 'message.created', message: message('m3', 4, 'assistant', [done]) },
    recorded,
    { type: 'tool.started', call_id: 'c2', message_id: 'm3', name: 'complete', arguments: done.arguments },
    {
      type: 'tool.finished',
      call_id: 'c2',
      name: 'complete',
      outcome: 'ok',
      output: 'There are **two** files.',
      display: null,
      duration_ms: 0,
    },
    {
      type: 'message.created',
      message: message('m4', 5, 'tool', [
        {
          type: 'tool_result',
          call_id: 'c2',
          name: 'complete',
          output: 'There are **two** files.',
          display: null,
          outcome: 'ok',
          images: [],
        },
      ]),
    },
    {
      type: 'run.finished',
      reason: 'complete',
      usage: { ...USAGE, input_tokens: 2000, output_tokens: 400, cost_usd: 0.02 },
      deliverables: ['a.txt'],
    },
  ])
}

/** What the service would send as a snapshot after the first `count` events. */
export function snapshotOf(events: readonly RunEvent[], count: number): Snapshot {
  const taken = events.slice(0, count)
  const last = taken.at(-1)
  const messages = taken.flatMap((event) => (event.type === 'message.created' ? [event.message] : []))
  const plan = taken.findLast((event) => event.type === 'plan.updated')?.plan ?? null
  const calls = taken.filter((event) => event.type === 'usage.recorded').length
  const usage: Usage = {
    ...USAGE,
    input_tokens: 1000 * calls,
    output_tokens: 200 * calls,
    cost_usd: calls > 0 ? 0.01 * calls : null,
  }
  const started = taken.find((event) => event.type === 'run.started')?.at ?? null
  const ended =
    last?.type === 'run.finished'
      ? {
          status: 'finished' as const,
          finish_reason: last.reason,
          deliverables: [...last.deliverables],
          ended_at: last.at,
        }
      : {}
  return {
    type: 'reset',
    seq: last?.seq ?? 0,
    run: run({ status: started === null ? 'queued' : 'running', plan, usage, started_at: started, ...ended }),
    messages,
    approvals: [],
  }
}

/** Events as the service writes them. */
export function frames(events: readonly (RunEvent | Snapshot)[]): Uint8Array {
  const text = events.map(
    (event) => `id: ${String(event.seq)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
  )
  return new TextEncoder().encode(`retry: 1000\n\n${text.join(': ping\n\n')}`)
}
