/** What the events of a run itself change: how it stands, what it asks, how it ends. */
import type { RunState, Said } from './state'
import { addUsage, isSettled } from './state'
import type { CallEvent, RunEvent } from './types'
import { hasEnded } from './types'
import type { WorkingCopy } from './working-copy'

type RunChange = Exclude<RunEvent, CallEvent | { type: 'text.delta' | 'reasoning.delta' | `message.${string}` }>

export function applyToRun(copy: WorkingCopy, event: RunChange): void {
  const id = event.run_id
  const run = copy.run(id)
  // What a list told of its end stays true while the log of the run is read again.
  const ended = hasEnded(run.status)
  switch (event.type) {
    case 'run.queued':
      copy.changeRun(id, { createdAt: run.createdAt || event.at })
      return
    case 'run.started':
      copy.changeRun(id, {
        ...going(run),
        attempt: event.attempt,
        model: event.model,
        startedAt: run.startedAt ?? event.at,
      })
      if (event.attempt > 1) note(copy, id, event.seq, { code: 'interrupted' })
      if (event.notice !== '') note(copy, id, event.seq, { code: 'notice', text: event.notice })
      return
    case 'run.awaiting':
      if (!ended) copy.changeRun(id, { status: 'awaiting_input', question: event.question })
      return
    case 'run.resumed':
      copy.changeRun(id, { ...going(run), attempt: event.attempt, question: null, approvals: [] })
      return
    case 'run.steered':
      if (!ended) copy.takeUnread(event.message, id)
      return
    case 'approval.requested':
      if (!ended) copy.changeRun(id, { approvals: [...without(run, event.approval.id), event.approval] })
      return
    case 'approval.resolved':
      copy.changeRun(id, { approvals: without(run, event.approval_id) })
      return
    case 'model.changed':
      copy.changeRun(id, { model: event.to_model })
      note(copy, id, event.seq, {
        code: 'model_changed',
        to: event.to_model,
        from: event.from_model,
        reason: event.reason,
      })
      return
    case 'thread.titled':
      // The thread's name is no part of its rows.
      return
    case 'run.finished':
      end(copy, id, {
        status: 'finished',
        reason: event.reason,
        deliverables: event.deliverables,
        usage: event.usage,
        endedAt: event.at,
      })
      return
    case 'run.failed':
      end(copy, id, { status: 'failed', error: event.error, usage: event.usage, endedAt: event.at })
      return
    case 'run.stopped':
      end(copy, id, { status: 'stopped', usage: event.usage, endedAt: event.at })
      return
    case 'plan.updated':
      copy.changeRun(id, { plan: event.plan })
      return
    case 'usage.recorded':
      copy.changeRun(id, {
        usage: ended ? run.usage : addUsage(run.usage, event.usage),
        contextTokens: contextTokens(run, event),
        budget: ended ? run.budget : (event.budget ?? run.budget),
      })
      return
    case 'sandbox.changed':
      if (event.status === 'lost' || event.status === 'recreated')
        note(copy, id, event.seq, { code: 'sandbox', status: event.status, note: event.note })
      return
    case 'browser.frame':
      copy.changeRun(id, { browser: { address: event.address, title: event.title, seq: event.seq } })
      return
    case 'file.changed':
      copy.changeRun(id, { fileChanges: run.fileChanges + 1 })
  }
}

function end(copy: WorkingCopy, id: string, changes: Parameters<WorkingCopy['changeRun']>[1]): void {
  // The run's row has the exact time; the event was written a moment before.
  const endedAt = copy.run(id).endedAt ?? changes.endedAt ?? null
  copy.changeRun(id, { ...changes, endedAt, question: null, approvals: [] })
  closeOpen(copy, new Set([id]))
}

/** After the end nothing is being written: drafts that were never stored go, open calls have stopped. */
export function closeOpen(copy: WorkingCopy, runIds: ReadonlySet<string>): void {
  for (const entry of [...copy.entries.values()]) {
    if (entry.position === null && entry.runId !== null && runIds.has(entry.runId)) copy.dropEntry(entry.id)
  }
  for (const call of [...copy.calls.values()]) {
    if (runIds.has(call.runId) && !isSettled(call.state))
      copy.changeCall(call.id, call.runId, { state: 'stopped', tail: '' })
  }
}

function contextTokens(run: RunState, { usage, purpose }: Extract<RunEvent, { type: 'usage.recorded' }>): number {
  if (purpose !== 'step') return run.contextTokens
  return usage.context?.tokens ?? usage.input_tokens + usage.output_tokens
}

function without(run: RunState, approvalId: string): RunState['approvals'] {
  return run.approvals.filter(({ id }) => id !== approvalId)
}

function going(run: RunState): Partial<RunState> {
  return hasEnded(run.status) ? {} : { status: 'running' }
}

function note(copy: WorkingCopy, runId: string, seq: number, said: Said): void {
  const run = copy.run(runId)
  const last = [...copy.entries.values()].filter((entry) => entry.runId === runId).at(-1)
  const id = `note:${runId}:${String(seq)}:${String(run.notes.length)}`
  copy.changeRun(runId, { notes: [...run.notes, { id, said, after: last?.id ?? null }] })
}
