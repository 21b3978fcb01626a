import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Replay } from '@/protocol/replay'
import type { ToldRun } from '@/protocol/replay'
import type { Message } from '@/protocol/types'
import { RUN, message } from './events'
import { kinds } from './shown'

const plan = (status: string) => ({ items: [{ text: 'Write it', status }, { text: 5 }, null] })

function call(id: string, name: string, given: Record<string, unknown> = {}): Message['parts'][number] {
  return { type: 'tool_call', call_id: id, name, arguments: given, dialect: 'native', raw: '', fault: null, seams: [] }
}

function result(id: string, name: string): Message['parts'][number] {
  return { type: 'tool_result', call_id: id, name, output: 'well', display: null, outcome: 'ok', images: [] }
}

const text = (words: string): Message['parts'][number] => ({ type: 'text', text: words, cut: null, seams: [] })

const messages = [
  message('m1', 1, 'user', [text('Do it')]),
  message('m2', 2, 'assistant', [text('I begin.'), call('c1', 'update_plan', plan('active')), call('c2', 'shell')]),
  message('m3', 3, 'tool', [result('c1', 'update_plan')]),
  message('m4', 4, 'tool', [result('c2', 'shell')]),
  message('m5', 5, 'assistant', [text('Done.')]),
]
const ended: ToldRun = {
  id: RUN,
  status: 'finished',
  deliverables: ['a.txt'],
  started_at: '2026-01-02T03:04:05Z',
  ended_at: '2026-01-02T03:05:05Z',
}

describe('a thread played from its beginning', () => {
  test('shows each moment as it was', () => {
    const replay = new Replay(messages, [ended], new Map([['c2', 1234]]))
    const shown = replay.moments.map((_, place) => kinds(replay.stateAfter(place + 1)).join(', '))
    expect(shown).toEqual([
      'user, working',
      'user, text, working',
      'user, text, call update_plan waiting, working',
      'user, text, call update_plan running, call shell waiting, working',
      'user, text, call update_plan ok, call shell running, working',
      'user, text, call update_plan ok, call shell ok, working',
      'user, text, call update_plan ok, call shell ok, text, working',
      'user, text, call update_plan ok, call shell ok, text, end',
    ])
    expect(replay.stateAfter(4).runs.get(RUN)?.plan).toBeNull()
    expect(replay.stateAfter(5).runs.get(RUN)?.plan).toEqual({ items: [{ text: 'Write it', status: 'active' }] })
    expect(replay.stateAfter(8).calls.get('c2')?.durationMs).toBe(1234)
    expect(replay.stateAfter(8).runs.get(RUN)?.deliverables).toEqual(['a.txt'])
  })

  test('of a task that went on, calls without a result are left out', () => {
    const replay = new Replay(messages.slice(0, 3), [])
    expect(kinds(replay.stateAfter(99))).toEqual(['user', 'text', 'call update_plan ok', 'working'])
    expect(new Replay([], []).stateAfter(3).rowIds).toEqual([])
  })

  test('whichever way one drags, a moment is the same', () => {
    const many = Array.from({ length: 130 }, (_, n) =>
      message(`x${String(n)}`, n + 1, n % 2 === 0 ? 'user' : 'assistant', [text(`Words ${String(n)}`)]),
    )
    const run: ToldRun = { ...ended, status: 'stopped' }
    fc.assert(
      fc.property(fc.array(fc.nat(131), { minLength: 1, maxLength: 12 }), (places) => {
        const replay = new Replay(many, [run])
        for (const place of places) {
          const fresh = new Replay(many, [run]).stateAfter(place)
          expect(replay.stateAfter(place).rows).toEqual(fresh.rows)
          expect(replay.stateAfter(place).rowIds).toEqual(fresh.rowIds)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('each way that a task ends is told', () => {
    for (const status of ['finished', 'failed', 'stopped'] as const) {
      const replay = new Replay(messages, [{ ...ended, status }])
      expect(replay.stateAfter(99).runs.get(RUN)?.status).toBe(status)
    }
  })
})
