/** What a person does in a browser that they took over, on its way: in order, as few and as small as can be. */
import type { InputEvent } from './types'

/** The most that the service takes at once. */
const MOST_EVENTS = 100
const MOST_TYPED = 500
/** More than anybody does while one request is on its way. */
const MOST_WAITING = 1000

/** Adds what was done: a pointer that moves on, a wheel that turns on and a text that goes on are one event. */
export function push(queue: readonly InputEvent[], event: InputEvent): readonly InputEvent[] {
  const last = queue.at(-1)
  const before = queue.slice(0, -1)
  if (last?.type === 'move' && (event.type === 'move' || event.type === 'down' || event.type === 'wheel'))
    return [...before, event]
  if (last?.type === 'wheel' && event.type === 'wheel')
    return [...before, { ...event, dx: last.dx + event.dx, dy: last.dy + event.dy }]
  if (last?.type === 'text' && event.type === 'text' && last.text.length + event.text.length <= MOST_TYPED)
    return [...before, { ...last, text: last.text + event.text }]
  return queue.length < MOST_WAITING ? [...queue, event] : queue
}

/** What goes now, and what goes after it. */
export function batch(queue: readonly InputEvent[]): [now: readonly InputEvent[], later: readonly InputEvent[]] {
  return [queue.slice(0, MOST_EVENTS), queue.slice(MOST_EVENTS)]
}

const LONE = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Dead', 'Process', 'Unidentified'])

interface Stroke {
  readonly key: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
  readonly shiftKey: boolean
}

/**
 * The event of a key, or null where it is none: a modifier alone, or a character, which comes as text. The
 * browser runs on Linux: what a Mac does with Command, it does with Control.
 */
export function stroke({ key, ctrlKey, altKey, metaKey, shiftKey }: Stroke): InputEvent | null {
  const command = ctrlKey || metaKey
  if (LONE.has(key) || (key.length === 1 && (!command || altKey))) return null
  if (key.length === 1 && !/^[!-~]$/.test(key)) return null
  return { type: 'key', key, modifiers: modifiers({ ctrlKey: command, altKey, metaKey: false, shiftKey }) }
}

export function modifiers(held: Omit<Stroke, 'key'>): ('Alt' | 'Control' | 'Shift')[] {
  return [
    ...(held.altKey ? (['Alt'] as const) : []),
    ...(held.ctrlKey || held.metaKey ? (['Control'] as const) : []),
    ...(held.shiftKey ? (['Shift'] as const) : []),
  ]
}
