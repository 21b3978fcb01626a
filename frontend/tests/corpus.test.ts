/** The streams of backend/tests/corpus, which the service's parser is held against too: the page shows the same. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reduce } from '@/protocol/reduce'
import type { EntryPart, ThreadState } from '@/protocol/state'
import { EMPTY } from '@/protocol/state'
import { TAIL_LENGTH } from '@/protocol/working-copy'
import type { Message, RunEvent } from '@/protocol/types'
import { message, stamped } from './events'
import { rows } from './shown'

/** What a parser makes of a stream; see the README of the corpus. */
type ParseEvent =
  | { readonly type: 'text' | 'reasoning'; readonly text: string }
  | { readonly type: 'call_started'; readonly call: number; readonly name: string }
  | { readonly type: 'call_delta'; readonly call: number; readonly parameter: string | null; readonly text: string }
  | { readonly type: 'call_ended' | 'call_broken'; readonly call: number }

type StreamPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | {
      readonly type: 'call'
      readonly call: number
      readonly name: string
      readonly arguments?: Record<string, unknown>
      readonly broken?: string
    }

interface Stream {
  readonly about: string
  readonly events: readonly ParseEvent[]
  readonly parts: readonly StreamPart[]
}

const FOLDER = join(import.meta.dirname, '../../backend/tests/corpus')
const STREAMS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Stream] as const)

const idOf = (call: number) => `c${call.toFixed()}`
type Bare = Parameters<typeof stamped>[0][number]

/** As the service tells what its parser read. The end of a call is told with the message. */
function told(stream: Stream, pieces: (text: string) => string[]): RunEvent[] {
  const names = new Map<number, string>()
  const events: Bare[] = []
  for (const event of stream.events) {
    if (event.type === 'text' || event.type === 'reasoning') {
      for (const text of pieces(event.text)) events.push({ type: `${event.type}.delta`, message_id: 'm1', text })
    } else if (event.type === 'call_started' || event.type === 'call_delta') {
      if (event.type === 'call_started') names.set(event.call, event.name)
      for (const text of event.type === 'call_started' ? [''] : pieces(event.text))
        events.push({
          type: 'tool.arguments.delta',
          message_id: 'm1',
          call_id: idOf(event.call),
          name: names.get(event.call) ?? '',
          parameter: event.type === 'call_delta' ? event.parameter : null,
          text,
        })
    }
  }
  return stamped(events)
}

/** The message as it is stored when the stream is over. */
function stored(stream: Stream): Message {
  const parts = stream.parts.map((part): Message['parts'][number] => {
    if (part.type === 'text') return { type: 'text', text: part.text, cut: null, seams: [] }
    if (part.type === 'reasoning') return { type: 'reasoning', text: part.text, signed: null }
    return {
      type: 'tool_call',
      call_id: idOf(part.call),
      name: part.name,
      arguments: part.arguments ?? {},
      dialect: 'native',
      raw: '',
      fault: part.broken === undefined ? null : `It is ${part.broken}.`,
      seams: [],
    }
  })
  return message('m1', 2, 'assistant', parts)
}

/** The parts that a page can show while they come, neighbours of a kind in one; a nameless call never begins. */
function shown(parts: readonly StreamPart[], begun: ReadonlySet<number>): unknown[] {
  const found: { type: string; text?: string; callId?: string }[] = []
  for (const part of parts) {
    const last = found.at(-1)
    if (part.type === 'call') {
      if (begun.has(part.call)) found.push({ type: 'call', callId: idOf(part.call) })
    } else if (part.text !== '') {
      if (last?.type === part.type) last.text = (last.text ?? '') + part.text
      else found.push({ type: part.type, text: part.text })
    }
  }
  return found
}

function plain(part: EntryPart): unknown {
  return part.type === 'text' ? { type: 'text', text: part.text } : part
}

const CUTS: readonly (readonly [string, (text: string) => string[]])[] = [
  ['as it came', (text) => [text]],
  ['by character', (text) => Array.from(text)],
]

test('the corpus is there', () => {
  expect(STREAMS.length).toBeGreaterThan(20)
})

describe.each(STREAMS)('%s', (_, stream) => {
  const begun = new Map<number, number>()
  for (const event of stream.events) {
    if (event.type === 'call_started') begun.set(event.call, 0)
    if (event.type === 'call_delta') begun.set(event.call, (begun.get(event.call) ?? 0) + event.text.length)
  }

  test.each(CUTS)('while it comes, %s', (_cut, pieces) => {
    const state = reduce(EMPTY, told(stream, pieces))
    expect((state.entries.get('m1')?.parts ?? []).map(plain)).toEqual(shown(stream.parts, new Set(begun.keys())))
    for (const [call, size] of begun) {
      const deltas = stream.events.flatMap((event) =>
        event.type === 'call_delta' && event.call === call ? [event.text] : [],
      )
      expect(state.calls.get(idOf(call))).toMatchObject({
        state: 'writing',
        written: size,
        tail: deltas.join('').slice(-TAIL_LENGTH),
      })
    }
  })

  test.each(CUTS)('when it is stored, %s', (_cut, pieces) => {
    const events = told(stream, pieces)
    const state: ThreadState = reduce(EMPTY, [
      ...events,
      ...stamped([...events, { type: 'message.created', message: stored(stream) }]).slice(-1),
    ])
    const called = stream.parts.filter((part) => part.type === 'call')
    expect(state.calls.size).toBe(called.length)
    for (const part of called)
      expect(state.calls.get(idOf(part.call))).toMatchObject({
        name: part.name,
        arguments: part.arguments ?? {},
        fault: part.broken === undefined ? null : `It is ${part.broken}.`,
      })
    const texts = rows(state).flatMap((row) => (row.kind === 'text' ? [row.text] : []))
    const said = stream.parts.flatMap((part) => (part.type === 'text' && part.text.trim() !== '' ? [part.text] : []))
    expect(texts).toEqual(said)
  })
})
