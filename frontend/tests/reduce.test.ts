import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reduce } from '@/protocol/reduce'
import { EMPTY } from '@/protocol/state'
import type { ThreadState } from '@/protocol/state'
import type { Message, RunEvent, StreamEvent } from '@/protocol/types'
import { RUN, THREAD, USAGE, message, run, snapshotOf, stamped, wholeRun } from './events'
import { kinds, rows } from './shown'

/** What a person sees. Durations and the context's size are known from the log only, so a snapshot lacks them. */
function seen(state: ThreadState): unknown {
  return rows(state).map((row) => {
    if (row.kind === 'call') return { ...row, call: { ...row.call, durationMs: null, written: 0 } }
    if (row.kind === 'end')
      return { ...row, run: { ...row.run, contextTokens: 0, fileChanges: 0, notes: [], createdAt: '' } }
    return row
  })
}

const whole = reduce(EMPTY, wholeRun())

describe('a whole run', () => {
  test('its rows, from top to bottom', () => {
    expect(kinds(whole)).toEqual(['user', 'reasoning', 'text', 'call shell ok', 'call complete ok', 'end'])
    expect(whole.calls.get('c1')).toMatchObject({ output: 'a.txt\n[exit code 0]', durationMs: 320, tail: '' })
    expect(whole.runs.get(RUN)).toMatchObject({
      status: 'finished',
      usage: { input_tokens: 2000 },
      deliverables: ['a.txt'],
      plan: { items: [{ text: 'Count' }] },
    })
  })

  test('that it was interrupted and goes on is told until it has ended', () => {
    const again = wholeRun().map((event) => (event.type === 'run.started' ? { ...event, attempt: 2 } : event))
    expect(kinds(reduce(EMPTY, again.slice(0, 9)))).toContain('note')
    expect(kinds(reduce(EMPTY, again))).toEqual(kinds(whole))
  })

  test('while it is written, what comes is live', () => {
    const state = reduce(EMPTY, wholeRun().slice(0, 9))
    expect(rows(state).at(-1)).toMatchObject({ kind: 'text', text: 'I will look.', live: true })
    const writing = reduce(state, wholeRun().slice(9, 10))
    expect(kinds(writing).slice(-2)).toEqual(['call shell writing', 'working'])
  })

  test('a row that shows the same stays the same object', () => {
    const before = reduce(EMPTY, wholeRun().slice(0, 11))
    const after = reduce(before, wholeRun().slice(11, 15))
    expect(after.rows.get('m0')).toBe(before.rows.get('m0'))
    expect(after.rows.get('c1')).not.toBe(before.rows.get('c1'))
    expect(after.rowIds).toBe(before.rowIds)
  })
})

describe('a service newer than the page', () => {
  test('what the page does not know is passed over', () => {
    const strange: unknown = { type: 'hologram', depth: 3 }
    const said = message('m9', 1, 'assistant', [
      { type: 'text', text: 'Look.', cut: null, seams: [] },
      strange as Message['parts'][number],
    ])
    const comet: unknown = { type: 'comet.seen', tail: 2 }
    const events = stamped([{ type: 'message.created', message: said }, comet as { type: 'run.resumed'; attempt: 1 }])
    const state = reduce(EMPTY, events)
    expect(rows(state).filter(({ kind }) => kind === 'text')).toMatchObject([{ text: 'Look.' }])
    expect(state.runs.get(RUN)).toMatchObject({ seq: 2 })
  })
})

describe('properties of every cut', () => {
  const cuts = fc.array(fc.integer({ min: 0, max: wholeRun().length }), { maxLength: 6 })

  test('in batches of any size, the state is the same', () => {
    fc.assert(
      fc.property(cuts, (places) => {
        const edges = [0, ...[...places].sort((a, b) => a - b), wholeRun().length]
        let state = EMPTY
        for (let n = 1; n < edges.length; n++) state = reduce(state, wholeRun().slice(edges[n - 1], edges[n]))
        expect(state).toEqual(whole)
      }),
    )
  })

  test('cut anywhere and read again from anywhere before, the state is the same', () => {
    fc.assert(
      fc.property(fc.nat(wholeRun().length), fc.nat(wholeRun().length), (cut, from) => {
        const state = reduce(EMPTY, wholeRun().slice(0, cut))
        expect(reduce(state, wholeRun().slice(Math.min(cut, from)))).toEqual(whole)
      }),
    )
  })

  test('cut anywhere, reset anywhere after, resumed: the same is seen', () => {
    fc.assert(
      fc.property(fc.nat(wholeRun().length), fc.integer({ min: 1, max: wholeRun().length }), (cut, later) => {
        const events = wholeRun()
        const at = Math.max(1, cut, later)
        const snapshot: StreamEvent = snapshotOf(events, at)
        const state = reduce(EMPTY, events.slice(0, cut))
        expect(seen(reduce(reduce(state, [snapshot]), events.slice(at)))).toEqual(seen(whole))
      }),
    )
  })

  test('history read first, at any moment, and then the whole log: the same is seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: wholeRun().length }), (at) => {
        const events = wholeRun()
        const { messages, run: known } = snapshotOf(events, at)
        const state = reduce(EMPTY, [
          { type: 'history.messages', messages },
          { type: 'history.runs', runs: [known] },
        ])
        expect(seen(reduce(state, events))).toEqual(seen(whole))
      }),
    )
  })
})

describe('how runs end', () => {
  const begun = (): RunEvent[] => wholeRun().slice(0, 14)
  const usage = { ...USAGE, cost_usd: null }

  test('stopped: the calls that were not executed are named', () => {
    const [event] = stamped([{ type: 'run.stopped', not_executed: ['shell'], usage }])
    const state = reduce(EMPTY, [...begun(), { ...event, seq: 15 } as RunEvent])
    expect(rows(state).at(-1)).toMatchObject({ kind: 'end', undone: [{ id: 'c1', state: 'stopped' }] })
  })

  test('failed: with the error, and without what was only half written', () => {
    const [event] = stamped([{ type: 'run.failed', error: { code: 'x', message: 'No.', hint: 'Do this.' }, usage }])
    const state = reduce(EMPTY, [...wholeRun().slice(0, 9), { ...event, seq: 10 } as RunEvent])
    expect(kinds(state)).toEqual(['user', 'end'])
    expect(rows(state).at(-1)).toMatchObject({ run: { error: { hint: 'Do this.' } } })
  })

  test('waiting: the question is a form, and goes when it is answered', () => {
    const question = {
      reason: 'question',
      text: 'Which?',
      choices: ['a'],
      attachments: [],
      call_id: 'c1',
      call_ids: [] as string[],
      budget: null,
    } as const
    const [awaiting, resumed] = stamped([
      { type: 'run.awaiting', question: { ...question, choices: ['a'], attachments: [] } },
      { type: 'run.resumed', attempt: 1 },
    ])
    const state = reduce(EMPTY, [...begun(), { ...awaiting, seq: 15 } as RunEvent])
    expect(kinds(state)).toEqual(['user', 'reasoning', 'text', 'question'])
    expect(kinds(reduce(state, [{ ...resumed, seq: 16 } as RunEvent]))).toContain('call shell running')
  })
})

test('a run that is queued behind another stands below it, and says so', () => {
  const other = '0190a0a0-0000-7000-8000-000000000009'
  const state = reduce(EMPTY, [
    ...wholeRun().slice(0, 11),
    {
      type: 'history.messages',
      messages: [message('q', 3, 'user', [{ type: 'text', text: 'Then this', cut: null, seams: [] }], other)],
    },
    { type: 'history.runs', runs: [run({ id: other, status: 'queued', created_at: '2027-01-01T00:00:00Z' })] },
    ...wholeRun().slice(11, 15),
  ])
  expect(rows(state).at(-1)).toMatchObject({ kind: 'user', text: 'Then this', queued: true })
})

test('an event of a newer service is no fault', () => {
  const unknown = { type: 'moon.rose', run_id: RUN, seq: 1, at: '2026-01-01T00:00:00Z' } as unknown as RunEvent
  expect(reduce(EMPTY, [unknown]).runs.get(RUN)?.seq).toBe(1)
  expect(THREAD).not.toBe(RUN)
})
