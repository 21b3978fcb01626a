import { expect, test } from 'vitest'
import { EasyLook } from '@/protocol/easy'
import { reduce } from '@/protocol/reduce'
import { EMPTY } from '@/protocol/state'
import { wholeRun } from './events'

function shown(look: EasyLook, count: number): string[] {
  const view = look.of(reduce(EMPTY, wholeRun().slice(0, count)))
  return view.rowIds.map((id) => view.rows.get(id)?.kind ?? '')
}

test('steps stand together, the plan before them, and what was said stays', () => {
  expect(shown(new EasyLook(), 14)).toEqual(['user', 'text', 'plan', 'steps'])
  expect(shown(new EasyLook(), wholeRun().length)).toEqual(['user', 'text', 'plan', 'steps', 'call', 'end'])
})

test('what did not change stays the same object', () => {
  const look = new EasyLook()
  const before = reduce(EMPTY, wholeRun().slice(0, 14))
  const first = look.of(before)
  expect(look.of(before)).toBe(first)
  const next = look.of(reduce(before, wholeRun().slice(14, 15)))
  expect(next.rowIds).toBe(first.rowIds)
  for (const id of first.rowIds.slice(0, 3)) expect(next.rows.get(id)).toBe(first.rows.get(id))
})
