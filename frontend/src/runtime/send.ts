/** Giving the agent something to do: a thread where there is none, the files, then the message or the run. */
import type {
  Amounts,
  Approval,
  Delivery,
  EditRequest,
  Effort,
  MessageRequest,
  NewMessage,
  RetryRequest,
  Run,
  RunChoices,
  Sent,
} from '@/protocol/types'
import { api, body } from './api'
import { uploadFile } from './files'
import { queryClient } from './queries'
import { t } from '@/words'

/** How a task shall be done; null: as the service has it. */
export interface Choices {
  /** The id of an agent. */
  readonly agent: string | null
  readonly model: string | null
  readonly effort: Effort | null
  /** US dollars after which the run asks. */
  readonly mostDollars: number | null
}

export interface Task extends Choices {
  readonly text: string
  readonly files: readonly File[]
  /** What becomes of it while a run goes on; without one it starts a run. */
  readonly delivery: Delivery
  /** The same key never makes a second run. */
  readonly key: string
}

/** A key that nobody else has (128 bits); also where the page is served over plain http. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Makes a thread, which the service names by its first task. Raises ApiError. */
export async function createThread(): Promise<string> {
  const thread = body(await api.POST('/v1/threads', { body: { title: '' } }))
  void queryClient.invalidateQueries({ queryKey: ['threads'] })
  return thread.id
}

/** Sends a message to a thread: into its run, as its answer, or as a task. Raises ApiError. */
export async function sendTask(threadId: string, task: Task): Promise<Run> {
  for (const file of task.files) await uploadFile(threadId, file.name, file)
  const names = task.files.map((file) => file.name)
  const text =
    names.length === 0 ? task.text : `${task.text}\n\n${t('runtime.attachedFiles', { names: names.join(', ') })}`.trim()
  const message: NewMessage = { text, delivery: task.delivery, ...chosen(task) }
  const sent = body(
    await api.POST('/v1/threads/{thread_id}/messages', {
      params: { path: { thread_id: threadId }, header: { 'idempotency-key': task.key } },
      body: message as MessageRequest,
    }),
  )
  lookAgain()
  if (names.length > 0) void queryClient.invalidateQueries({ queryKey: ['files', threadId] })
  // With a delivery named, a message is never only stored.
  return (sent as Sent).run
}

/** Changes the task of a run that waits for its turn. Raises ApiError. */
export async function changeTask(runId: string, input: string): Promise<Run> {
  return body(await api.PATCH('/v1/runs/{run_id}', { params: { path: { run_id: runId } }, body: { input } }))
}

/** Writes a person's message anew, on a branch of its own, and has it answered. Raises ApiError. */
export async function editMessage(threadId: string, messageId: string, text: string): Promise<Run> {
  // Nothing chosen: as the run of the old message.
  const edit = { text } as EditRequest
  const run = body(
    await api.POST('/v1/threads/{thread_id}/messages/{message_id}/edit', {
      params: { path: { thread_id: threadId, message_id: messageId }, header: { 'idempotency-key': newKey() } },
      body: edit,
    }),
  )
  lookAgain()
  return run
}

/** Starts a run again on a branch of its own; without a model, with the same one. Raises ApiError. */
export async function retryRun(runId: string, model: string | null): Promise<Run> {
  const choices: RunChoices = model === null ? {} : { model }
  const run = body(
    await api.POST('/v1/runs/{run_id}/retry', {
      params: { path: { run_id: runId }, header: { 'idempotency-key': newKey() } },
      body: choices as RetryRequest,
    }),
  )
  lookAgain()
  return run
}

/** Lets a thread go on with the newest path through a message. Raises ApiError. */
export async function chooseBranch(threadId: string, messageId: string): Promise<void> {
  await api.POST('/v1/threads/{thread_id}/branch', {
    params: { path: { thread_id: threadId } },
    body: { message_id: messageId },
  })
}

/** Asks a run to stop; returns it as it is after at most ten seconds. Raises ApiError. */
export async function stopRun(runId: string): Promise<Run> {
  const run = body(await api.POST('/v1/runs/{run_id}/stop', { params: { path: { run_id: runId } } }))
  void queryClient.invalidateQueries({ queryKey: ['runs'] })
  return run
}

/** Answers a run's question, in words or with more budget. Raises ApiError. */
export async function answerRun(runId: string, text: string, budget: Partial<Amounts> | null = null): Promise<Run> {
  const answer = { ...(text === '' ? {} : { text }), ...(budget === null ? {} : { budget }) }
  return body(await api.POST('/v1/runs/{run_id}/input', { params: { path: { run_id: runId } }, body: answer }))
}

export type Verdict = 'once' | 'always' | 'deny'

/** Decides about a call that waits; what is approved is what was shown, or `changed`. Raises ApiError. */
export async function decide(
  approval: Approval,
  verdict: Verdict,
  changed: Approval['arguments'] | null = null,
): Promise<void> {
  await api.POST('/v1/runs/{run_id}/approvals/{approval_id}', {
    params: { path: { run_id: approval.run_id, approval_id: approval.id } },
    body: {
      decision: verdict === 'deny' ? 'deny' : 'approve',
      scope: verdict === 'always' ? 'always' : 'once',
      arguments_hash: approval.arguments_hash,
      ...(changed === null ? {} : { arguments: changed }),
      reason: '',
    },
  })
}

function chosen({ agent, model, effort, mostDollars }: Choices): RunChoices & { agent_id?: string } {
  const options: RunChoices['options'] = {
    ...(effort === null ? {} : { effort }),
    ...(mostDollars === null ? {} : { budget: { cost_usd: mostDollars } }),
  }
  return {
    model,
    ...(agent === null ? {} : { agent_id: agent }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  }
}

function lookAgain(): void {
  void queryClient.invalidateQueries({ queryKey: ['runs'] })
  void queryClient.invalidateQueries({ queryKey: ['threads'] })
}
