/**
 * Follows one run's stream until its end: resumes after the last event, waits longer after each failure,
 * connects at once when the network or the tab comes back, and lets go while the tab is hidden.
 */
import type { StreamEvent } from '@/protocol/types'
import { isTerminal } from '@/protocol/types'
import { BrokenStream, createDecoder } from '@/protocol/sse'
import { ApiError, authorizedFetch } from './api'
import { apiUrl } from './config'

export type Connection = 'connecting' | 'live' | 'paused' | 'offline'

export interface FollowOptions {
  readonly runId: string
  readonly onEvents: (events: StreamEvent[]) => void
  readonly onConnection: (connection: Connection) => void
  readonly signal: AbortSignal
}

/** The service gives a sign of life every 15 s. */
const SILENCE_MS = 40_000
const HIDDEN_GRACE_MS = 10_000
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000

/** Resolves when the run's stream has ended, or `signal` aborts. Raises ApiError when the run is not to be had. */
export async function follow({ runId, onEvents, onConnection, signal }: FollowOptions): Promise<void> {
  let last = 0
  let failures = 0
  while (!signal.aborted) {
    if (document.hidden) {
      onConnection('paused')
      await wake(signal, null)
      continue
    }
    if (failures === 0) onConnection('connecting')
    const attempt = new AbortController()
    const guard = guardOf(attempt, signal)
    try {
      const response = await authorizedFetch(apiUrl(`/v1/runs/${runId}/events`), {
        headers: last > 0 ? { 'Last-Event-ID': String(last) } : {},
        signal: attempt.signal,
        cache: 'no-store',
      })
      if (response.status === 204) return
      onConnection('live')
      failures = 0
      for await (const events of read(response, last, guard.alive)) {
        last = events.at(-1)?.seq ?? last
        onEvents(events)
        if (events.some(isTerminal)) return
      }
      // The service drains: it is about to start again.
      failures = 1
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it changes while one waits
      if (signal.aborted) return
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error
      if (!isConnectionFault(error)) throw error
      if (!guard.hidden) failures += 1
    } finally {
      guard.release()
    }
    if (failures > 0) {
      if (failures > 1) onConnection('offline')
      await wake(signal, delay(failures))
    }
  }
}

function isConnectionFault(error: unknown): boolean {
  return (
    error instanceof ApiError ||
    error instanceof BrokenStream ||
    error instanceof TypeError ||
    (error instanceof DOMException && error.name === 'AbortError')
  )
}

async function* read(response: Response, after: number, alive: () => void): AsyncGenerator<StreamEvent[]> {
  if (response.body === null) return
  const decoder = createDecoder(after)
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      alive()
      const events = decoder.feed(value)
      if (events.length > 0) yield events
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Ends an attempt that has fallen silent, or whose tab was hidden for a while. */
function guardOf(attempt: AbortController, signal: AbortSignal) {
  let silence = 0
  let grace = 0
  const state = {
    hidden: false,
    alive: (): void => {
      clearTimeout(silence)
      silence = window.setTimeout(abort, SILENCE_MS)
    },
    release: (): void => {
      clearTimeout(silence)
      clearTimeout(grace)
      document.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', abort)
      attempt.abort()
    },
  }
  function abort(): void {
    attempt.abort()
  }
  function look(): void {
    clearTimeout(grace)
    if (!document.hidden) return
    grace = window.setTimeout(() => {
      state.hidden = true
      attempt.abort()
    }, HIDDEN_GRACE_MS)
  }
  document.addEventListener('visibilitychange', look)
  signal.addEventListener('abort', abort)
  state.alive()
  return state
}

function delay(failures: number): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1))
  return longest * (0.5 + Math.random() / 2)
}

/** Waits `ms` milliseconds (null: without end), or until there is a reason to look at once. */
function wake(signal: AbortSignal, ms: number | null): Promise<void> {
  return new Promise((resolve) => {
    const timer = ms === null ? 0 : window.setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      window.removeEventListener('online', done)
      document.removeEventListener('visibilitychange', visible)
      signal.removeEventListener('abort', done)
      resolve()
    }
    function visible(): void {
      if (!document.hidden) done()
    }
    window.addEventListener('online', done)
    document.addEventListener('visibilitychange', visible)
    signal.addEventListener('abort', done)
  })
}
