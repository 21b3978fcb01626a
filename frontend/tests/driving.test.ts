import { describe, expect, test } from 'vitest'
import { batch, push, stroke } from '@/protocol/driving'
import type { InputEvent } from '@/protocol/types'

const move = (x: number): InputEvent => ({ type: 'move', x, y: 1, modifiers: [] })
const text = (words: string): InputEvent => ({ type: 'text', text: words })
const wheel = (dy: number): InputEvent => ({ type: 'wheel', x: 1, y: 1, dx: 1, dy, modifiers: [] })
const all = (...events: InputEvent[]): readonly InputEvent[] => events.reduce<readonly InputEvent[]>(push, [])
const key = (name: string, held: Partial<Parameters<typeof stroke>[0]> = {}): InputEvent | null =>
  stroke({ key: name, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...held })

describe('what a person does in the browser', () => {
  test('goes on is one event, and stays in order', () => {
    expect(all(move(1), move(2), text('a'), text('b'), move(3), wheel(2), wheel(3))).toEqual([
      move(2),
      text('ab'),
      { ...wheel(5), dx: 2 },
    ])
    expect(all(text('a'), move(1), text('b'))).toHaveLength(3)
    expect(all(text('x'.repeat(500)), text('y'))).toHaveLength(2)
  })

  test('is bounded, and goes in portions', () => {
    const [now, later] = batch(all(...Array.from({ length: 3000 }, (_, n) => (n % 2 === 0 ? move(n) : text('a')))))
    expect([now.length, later.length]).toEqual([100, 900])
  })

  test('keys are named; characters come as text, and Command is Control', () => {
    expect(key('Enter')).toEqual({ type: 'key', key: 'Enter', modifiers: [] })
    expect(key('Tab', { shiftKey: true })).toMatchObject({ modifiers: ['Shift'] })
    expect(key('a', { metaKey: true })).toEqual({ type: 'key', key: 'a', modifiers: ['Control'] })
    expect([key('a'), key('Shift'), key('@', { ctrlKey: true, altKey: true }), key('ß', { ctrlKey: true })]).toEqual([
      null,
      null,
      null,
      null,
    ])
  })
})
