import { expect, test } from 'vitest'
import { reduce } from '@/protocol/reduce'
import { EMPTY } from '@/protocol/state'
import type { PlacedMessage, RunEvent } from '@/protocol/types'
import { RUN, message, run, wholeRun } from './events'
import { kinds, rows } from './shown'

const OTHER = '0190a0a0-0000-7000-8000-000000000009'

function placed(
  id: string,
  position: number,
  role: 'user' | 'assistant',
  text: string,
  runId: string,
  siblings: string[] = [id],
): PlacedMessage {
  return { ...message(id, position, role, [{ type: 'text', text, cut: null, seams: [] }], runId), siblings }
}

const ended = run({ status: 'finished', finish_reason: 'complete', ended_at: '2026-01-02T03:05:00Z' })

const known = new Set(['a', 'b', 'c', 'm0', 'm1', 'm3'])

test('an edited message takes the place of the old one and of all that followed it', () => {
  const before = reduce(EMPTY, [...wholeRun(), { type: 'history.runs', runs: [ended] }])
  const other = run({ id: OTHER, message_id: 'e0', created_at: '2026-01-02T04:00:00Z' })
  const after = reduce(before, [
    { type: 'history.runs', runs: [other] },
    { type: 'history.path', known, messages: [placed('e0', 6, 'user', 'Count the folders', OTHER, ['m0', 'e0'])] },
  ])
  expect(kinds(after)).toEqual(['user', 'working'])
  expect(rows(after)[0]).toMatchObject({ text: 'Count the folders', siblings: ['m0', 'e0'] })
  expect(after.currentRunId).toBe(OTHER)
  expect(after.calls.size).toBe(0)
})

test('what lies before the part of the path that was read stays', () => {
  const first = placed('a', 1, 'user', 'One', RUN)
  const second = placed('b', 2, 'assistant', 'Two', RUN)
  const state = reduce(EMPTY, [
    { type: 'history.path', known, messages: [first, second, placed('c', 3, 'user', 'Three', RUN)] },
    { type: 'history.path', known, messages: [second, placed('d', 4, 'user', 'Other', RUN)] },
  ])
  expect([...state.entries.keys()].sort()).toEqual(['a', 'b', 'd'])
})

test('a path that shares nothing with what is known replaces it', () => {
  const state = reduce(EMPTY, [
    { type: 'history.path', known, messages: [placed('a', 1, 'user', 'One', RUN)] },
    { type: 'history.path', known, messages: [placed('z', 900, 'user', 'Far', RUN)] },
  ])
  expect([...state.entries.keys()]).toEqual(['z'])
})

test('what a run wrote since its path was read is kept', () => {
  const read = placed('m0', 1, 'user', 'Count the files', RUN)
  const state = reduce(EMPTY, [...wholeRun().slice(0, 12), { type: 'history.path', known, messages: [read] }])
  expect(kinds(state)).toEqual(kinds(reduce(EMPTY, wholeRun().slice(0, 12))))
})

test('a run that is tried again ends where the other try begins', () => {
  const again = run({ id: OTHER, message_id: 'm0', created_at: '2026-01-02T04:00:00Z' })
  const state = reduce(EMPTY, [
    { type: 'history.runs', runs: [ended, again] },
    { type: 'history.path', known, messages: [placed('m0', 1, 'user', 'Count', RUN)] },
  ])
  expect(kinds(state)).toEqual(['user', 'working'])
  const done = reduce(state, [
    {
      type: 'history.path',
      known,
      messages: [placed('m0', 1, 'user', 'Count', RUN), placed('n1', 6, 'assistant', 'Two.', OTHER, ['m1', 'n1'])],
    },
    { type: 'history.runs', runs: [{ ...again, status: 'finished' }] },
  ])
  expect(kinds(done)).toEqual(['user', 'text', 'end'])
  expect(rows(done).at(-1)).toMatchObject({ answer: 'n1', siblings: ['m1', 'n1'], run: { id: OTHER } })
})

test('a budget that is used grows with the steps', () => {
  const budget = {
    id: 'b',
    limit: { cost_usd: null, tokens: null, steps: 5, seconds: null },
    used: { cost_usd: 0, tokens: 1200, steps: 1, seconds: 1 },
    reserved: { cost_usd: 0, tokens: 0, steps: 0, seconds: 0 },
    first: { cost_usd: null, tokens: null, steps: 5, seconds: null },
  }
  const events = wholeRun().map((event): RunEvent => (event.type === 'usage.recorded' ? { ...event, budget } : event))
  expect(reduce(EMPTY, events.slice(0, 14)).runs.get(RUN)?.budget).toEqual(budget)
})

test('what came after the path was asked for stays, also when its run has ended since', () => {
  const late = placed('late', 2, 'assistant', 'Done', RUN)
  const first = placed('a', 1, 'user', 'One', RUN)
  const state = reduce(EMPTY, [
    { type: 'history.path', known, messages: [first, late] },
    { type: 'history.runs', runs: [ended] },
    { type: 'history.path', known, messages: [first] },
  ])
  expect([...state.entries.keys()]).toEqual(['a', 'late'])
})
