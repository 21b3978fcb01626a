import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BrokenStream, createDecoder } from '@/protocol/sse'
import { frames, snapshotOf, wholeRun } from './events'

test('however the bytes are cut, the events are the same', () => {
  const bytes = frames(wholeRun())
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (places) => {
      const edges = [0, ...[...places].sort((a, b) => a - b), bytes.length]
      const decoder = createDecoder(0)
      const events = edges.slice(1).flatMap((edge, n) => decoder.feed(bytes.slice(edges[n], edge)))
      expect(events).toEqual(wholeRun())
    }),
  )
})

test('what came already is dropped, a gap is an error', () => {
  const events = wholeRun()
  expect(createDecoder(5).feed(frames(events))).toEqual(events.slice(5))
  expect(() => createDecoder(2).feed(frames(events.slice(3)))).toThrow(BrokenStream)
  expect(() => createDecoder(0).feed(new TextEncoder().encode('data: {"half\n\n'))).toThrow(BrokenStream)
})

test('after a reset the stream goes on behind it', () => {
  const events = wholeRun()
  const stream = [snapshotOf(events, 12), ...events.slice(12)]
  expect(createDecoder(3).feed(frames(stream))).toHaveLength(stream.length)
})
