import { describe, expect, test } from 'vitest'
import { reduce } from '@/protocol/reduce'
import { EMPTY } from '@/protocol/state'
import type { Approval, Part, Question, RunEvent } from '@/protocol/types'
import { RUN, THREAD, message, run, stamped, wholeRun } from './events'
import { kinds, rows } from './shown'

test('a task that waits for its turn is no message yet, and is shown', () => {
  const other = '0190a0a0-0000-7000-8000-000000000009'
  const waits = run({
    id: other,
    status: 'queued',
    message_id: null,
    input: 'Then this',
    created_at: '2027-01-01T00:00:00Z',
  })
  const state = reduce(EMPTY, [...wholeRun().slice(0, 11), { type: 'history.runs', runs: [waits] }])
  expect(rows(state).at(-1)).toMatchObject({ kind: 'user', text: 'Then this', queued: true, runId: other })
  const told = [
    { type: 'run.started', attempt: 1, model: 'm', notice: '' },
    {
      type: 'message.created',
      message: message('q', 9, 'user', [{ type: 'text', text: 'Then this', cut: null, seams: [] }], other),
    },
  ] as const
  expect(kinds(reduce(state, stamped(told, other))).filter((kind) => kind === 'user')).toHaveLength(2)
})

test("what is about the context is nobody's words", () => {
  const compaction: Part = {
    type: 'compaction',
    summary: 'All of it.',
    until: 'm1',
    keeps: [],
    messages: 2,
    turns: 1,
    summarised: true,
  }
  const state = reduce(EMPTY, [
    ...wholeRun().slice(0, 17),
    {
      type: 'history.messages',
      messages: [message('x', 4, 'user', [{ type: 'references', ids: ['c1'] }]), message('y', 5, 'user', [compaction])],
    },
  ])
  expect(kinds(state)).toEqual(['user', 'reasoning', 'text', 'call shell ok', 'note', 'working'])
  expect(rows(state).at(-2)).toMatchObject({ said: { code: 'summarised' } })
})

test('what is sent into a run waits until it is read', () => {
  const sent = { id: 's', text: 'Be quick', delivery: 'steer', sent_at: '2026-01-02T03:04:05Z' } as const
  const [steered, read] = stamped([
    { type: 'run.steered', message: sent },
    {
      type: 'message.created',
      message: message('s', 4, 'user', [{ type: 'text', text: 'Be quick', cut: null, seams: [] }]),
    },
  ])
  const waiting = reduce(EMPTY, [...wholeRun().slice(0, 14), { ...steered, seq: 15 } as RunEvent])
  expect(rows(waiting).slice(-2)).toMatchObject([{ text: 'Be quick', unread: true }, { kind: 'working' }])
  const after = reduce(waiting, [{ ...read, seq: 16 } as RunEvent])
  expect(after.rows.get('s')).toMatchObject({ unread: false })
})

test('approvals wait with the question, each until it is decided', () => {
  const approval: Approval = {
    id: 'a1',
    run_id: RUN,
    thread_id: THREAD,
    call_id: 'c1',
    tool: 'shell',
    arguments: { command: 'ls' },
    arguments_hash: 'h',
    pattern: 'shell',
    status: 'pending',
    scope: null,
    edited_arguments: null,
    approved_hash: null,
    reason: '',
    decided_by: null,
    created_at: '2026-01-02T03:04:05Z',
    expires_at: '2026-01-03T03:04:05Z',
    decided_at: null,
  }
  const question: Question = {
    reason: 'approval',
    text: 'May it?',
    choices: [],
    attachments: [],
    call_id: 'c1',
    call_ids: [],
    budget: null,
  }
  const events = stamped([
    ...wholeRun().slice(0, 13),
    { type: 'approval.requested', approval },
    { type: 'run.awaiting', question },
    {
      type: 'approval.resolved',
      approval_id: 'a1',
      call_id: 'c1',
      status: 'approved',
      scope: 'once',
      edited_arguments: null,
      reason: '',
      decided_by: 'me',
    },
  ])
  const waiting = reduce(EMPTY, events.slice(0, -1))
  expect(kinds(waiting).slice(-2)).toEqual(['call shell waiting', 'question'])
  expect(rows(waiting).at(-1)).toMatchObject({ approvals: [{ id: 'a1' }] })
  expect(rows(reduce(waiting, events)).at(-1)).toMatchObject({ kind: 'question', approvals: [] })
})

describe('a call whose outcome is unknown', () => {
  const question: Question = {
    reason: 'unknown_outcome',
    text: 'The service was interrupted.\n- shell: command="ls"\n\nWhat should be done?',
    choices: ['Run it again'],
    attachments: [],
    call_id: 'c1',
    call_ids: ['c1'],
    budget: null,
  }

  test('stands in the question, as it was called, and not above it', () => {
    const state = reduce(EMPTY, stamped([...wholeRun().slice(0, 13), { type: 'run.awaiting', question }]))
    expect(kinds(state)).not.toContain('call shell running')
    const [row] = rows(state).slice(-1)
    expect(row).toMatchObject({ kind: 'question', calls: [{ id: 'c1', name: 'shell', arguments: { command: 'ls' } }] })
  })

  test('is told by the text alone where an older service asked', () => {
    const older = { ...question, call_ids: undefined } as unknown as Question
    const asked = { type: 'run.awaiting', question: older } as const
    const state = reduce(EMPTY, stamped([...wholeRun().slice(0, 13), asked]))
    expect(rows(state).at(-1)).toMatchObject({ kind: 'question', calls: [] })
  })
})
