/** Decodes the event stream of a run. Law: what is handed on is dense; a gap is an error, never a silence. */
import { createParser } from 'eventsource-parser'
import type { StreamEvent } from './types'

/** An event is missing or unreadable: connect again after the last one that came. */
export class BrokenStream extends Error {}

export interface Decoder {
  /** Takes the bytes as they come, however they are cut; returns the events that became whole. */
  feed(bytes: Uint8Array): StreamEvent[]
}

/** Makes a decoder for a stream that begins after event number `after`. */
export function createDecoder(after: number): Decoder {
  const text = new TextDecoder()
  let last = after
  let ready: StreamEvent[] = []
  const parser = createParser({
    onEvent(message) {
      const event = parse(message.data)
      if (event.type !== 'reset') {
        if (event.seq <= last) return
        if (event.seq !== last + 1) throw new BrokenStream(`event ${String(event.seq)} came after ${String(last)}`)
      }
      last = event.seq
      ready.push(event)
    },
  })
  return {
    feed(bytes) {
      parser.feed(text.decode(bytes, { stream: true }))
      const events = ready
      ready = []
      return events
    },
  }
}

function parse(data: string): StreamEvent {
  try {
    const value: unknown = JSON.parse(data)
    if (isEvent(value)) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new BrokenStream('an event cannot be read')
}

function isEvent(value: unknown): value is StreamEvent {
  if (typeof value !== 'object' || value === null) return false
  return 'type' in value && typeof value.type === 'string' && 'seq' in value && typeof value.seq === 'number'
}
