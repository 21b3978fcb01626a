/** Giving the agent something to do: a thread where there is none, the files, then the run. */
import type { Approval, Run, RunChoices, RunRequest } from '@/protocol/types'
import { api, body } from './api'
import { uploadFile } from './files'
import { queryClient } from './queries'

export interface Task {
  readonly text: string
  readonly files: readonly File[]
  readonly model: string | null
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

/** Sends a task to a thread. Raises ApiError. */
export async function sendTask(threadId: string, task: Task): Promise<Run> {
  for (const file of task.files) await uploadFile(threadId, file.name, file)
  const names = task.files.map((file) => file.name)
  const input =
    names.length === 0 ? task.text : `${task.text}\n\nAttached files, in the workspace: ${names.join(', ')}`.trim()
  // Nobody chose any options here: the service's own hold.
  const request: RunChoices = { input, model: task.model }
  const run = body(
    await api.POST('/v1/threads/{thread_id}/runs', {
      params: { path: { thread_id: threadId }, header: { 'idempotency-key': task.key } },
      body: request as RunRequest,
    }),
  )
  void queryClient.invalidateQueries({ queryKey: ['runs'] })
  void queryClient.invalidateQueries({ queryKey: ['threads'] })
  if (names.length > 0) void queryClient.invalidateQueries({ queryKey: ['files', threadId] })
  return run
}

/** Asks a run to stop; returns it as it is after at most ten seconds. Raises ApiError. */
export async function stopRun(runId: string): Promise<Run> {
  const run = body(await api.POST('/v1/runs/{run_id}/stop', { params: { path: { run_id: runId } } }))
  void queryClient.invalidateQueries({ queryKey: ['runs'] })
  return run
}

/** Answers a run's question. Raises ApiError. */
export async function answerRun(runId: string, text: string): Promise<Run> {
  return body(await api.POST('/v1/runs/{run_id}/input', { params: { path: { run_id: runId } }, body: { text } }))
}

export type Verdict = 'once' | 'always' | 'deny'

/** Decides about a call that waits; what is approved is what was shown. Raises ApiError. */
export async function decide(approval: Approval, verdict: Verdict): Promise<void> {
  await api.POST('/v1/runs/{run_id}/approvals/{approval_id}', {
    params: { path: { run_id: approval.run_id, approval_id: approval.id } },
    body: {
      decision: verdict === 'deny' ? 'deny' : 'approve',
      scope: verdict === 'always' ? 'always' : 'once',
      arguments_hash: approval.arguments_hash,
      reason: '',
    },
  })
}
