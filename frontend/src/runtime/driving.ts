/**
 * Having the agent's browser: taken over, driven, handed back. One request is on its way at a time; what is
 * done meanwhile goes with the next. Nothing that is typed stays in this page.
 */
import { create } from 'zustand'
import { batch, push } from '@/protocol/driving'
import type { BrowserLook, InputEvent, Run } from '@/protocol/types'
import { ApiError, api, body, explain } from './api'
import { queryClient } from './queries'

const KEY = 'factotum.browser'
const SOON_MS = 50
const LATEST_MS = 500
const AGAIN_MS = 1500

interface Driving {
  /** The run whose browser is in this page's hands; null: none. */
  readonly runId: string | null
  readonly look: BrowserLook | null
  readonly picture: string | null
  /** What went wrong the last time, in words. */
  readonly problem: string | null
}

const NONE: Driving = { runId: null, look: null, picture: null, problem: null }

export const useDriving = create<Driving>(() => NONE)

let token = ''
let queue: readonly InputEvent[] = []
let wake: () => void = () => undefined

/** Takes the browser of a run's project over; `url` is opened if it has ended. Raises ApiError. */
export async function takeBrowser(runId: string, url: string): Promise<void> {
  if (useDriving.getState().runId !== null) await handBack('')
  const taken = body(
    await api.POST('/v1/runs/{run_id}/browser/take', { params: { path: { run_id: runId } }, body: { url } }),
  )
  begin(runId, taken.token, taken.look)
}

/** Goes on with what this tab had before it was loaded again. */
export async function resumeBrowser(runId: string): Promise<void> {
  const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null')
  if (useDriving.getState().runId !== null || !Array.isArray(kept) || kept[0] !== runId) return
  const known = String(kept[1])
  try {
    begin(runId, known, await send(runId, known, [], ''))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    sessionStorage.removeItem(KEY)
  }
}

/** Does something in the browser. */
export function act(event: InputEvent): void {
  queue = push(queue, event)
  wake()
}

/** Gives it back to the agent, with a note for it. Raises ApiError. */
export async function handBack(note: string): Promise<Run | null> {
  const { runId } = useDriving.getState()
  if (runId === null) return null
  const given = token
  end(null)
  const answer = await api.POST('/v1/runs/{run_id}/browser/hand-back', {
    params: { path: { run_id: runId } },
    body: { token: given, note },
  })
  void queryClient.invalidateQueries({ queryKey: ['browser', runId] })
  return body(answer).run
}

function begin(runId: string, given: string, look: BrowserLook): void {
  token = given
  queue = []
  sessionStorage.setItem(KEY, JSON.stringify([runId, given]))
  useDriving.setState({ runId, look, picture: look.picture, problem: null })
  void drive(runId, given)
}

function end(problem: string | null): void {
  token = ''
  queue = []
  sessionStorage.removeItem(KEY)
  useDriving.setState({ ...NONE, problem })
  wake()
}

/** Sends what is done, and looks on more and more seldom while nothing happens. */
async function drive(runId: string, mine: string): Promise<void> {
  let pause = SOON_MS
  while (token === mine) {
    const [events, later] = batch(queue)
    queue = later
    try {
      const before = useDriving.getState()
      const look = await send(runId, mine, events, before.look?.mark ?? '')
      if (token !== mine) return
      const changed = look.picture !== null || look.dialog !== null
      pause = changed || events.length > 0 ? SOON_MS : Math.min(LATEST_MS, pause * 2)
      useDriving.setState({ look, picture: look.picture ?? before.picture, problem: null })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (token !== mine) return
      if (error.code === 'browser_not_taken' || error.code === 'browser_not_open' || error.status === 404) {
        end(explain(error))
        return
      }
      useDriving.setState({ problem: explain(error) })
      pause = AGAIN_MS
    }
    if (queue.length === 0 || pause === AGAIN_MS) await idle(pause)
  }
}

async function send(runId: string, given: string, events: readonly InputEvent[], seen: string): Promise<BrowserLook> {
  return body(
    await api.POST('/v1/runs/{run_id}/browser/input', {
      params: { path: { run_id: runId } },
      body: { token: given, events: [...events], seen },
    }),
  )
}

function idle(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}
