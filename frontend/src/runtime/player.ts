/** Plays a thread from its beginning: an open thread that is read-only and stands at a moment of its own. */
import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import { EasyLook } from '@/protocol/easy'
import type { Replay } from '@/protocol/replay'
import type { Thread } from '@/protocol/types'
import type { OpenThread, SessionState } from './open-thread'

export const SPEEDS = [1, 2, 4, 8] as const
export type Speed = (typeof SPEEDS)[number]

const SHORTEST_MS = 350
const LONGEST_MS = 1500

export interface PlayState {
  /** How many moments have happened. */
  readonly count: number
  readonly playing: boolean
  readonly speed: Speed
}

interface Source {
  readonly threadId: string
  readonly thread: Thread | null
  readonly link: string | null
  readonly replay: Replay
}

export class Player implements OpenThread {
  readonly threadId: string
  readonly store: StoreApi<SessionState>
  readonly play: StoreApi<PlayState>
  readonly easy = new EasyLook()
  readonly readOnly = true
  readonly link: string | null
  readonly replay: Replay
  #timer = 0

  /** Stands at the end at first. */
  constructor({ threadId, thread, link, replay }: Source) {
    this.threadId = threadId
    this.link = link
    this.replay = replay
    const count = replay.moments.length
    this.play = createStore<PlayState>(() => ({ count, playing: false, speed: 1 }))
    this.store = createStore<SessionState>(() => ({
      content: this.#stateAfter(count),
      thread,
      loading: false,
      problem: null,
      connection: null,
      older: null,
      loadingOlder: false,
    }))
  }

  get length(): number {
    return this.replay.moments.length
  }

  /** Goes to a moment; playing goes on from there. */
  seek(wanted: number): void {
    const count = Math.max(0, Math.min(this.length, wanted))
    this.play.setState({ count })
    this.store.setState({ content: this.#stateAfter(count) })
    if (this.play.getState().playing) this.#wait()
  }

  start(): void {
    if (this.play.getState().count >= this.length) this.seek(0)
    this.play.setState({ playing: true })
    this.#wait()
  }

  pause(): void {
    clearTimeout(this.#timer)
    this.play.setState({ playing: false })
  }

  setSpeed(speed: Speed): void {
    this.play.setState({ speed })
    if (this.play.getState().playing) this.#wait()
  }

  readonly loadOlder = nothing
  readonly noticeRun = nothing
  readonly choose = nothing
  readonly takeRun = (): void => undefined

  /** Waits as long as it took then, within bounds: nobody wants to wait for a slow command again. */
  #wait(): void {
    clearTimeout(this.#timer)
    const { count, speed } = this.play.getState()
    const [last, next] = [this.replay.moments[count - 1], this.replay.moments[count]]
    if (next === undefined) {
      this.pause()
      return
    }
    const took = last === undefined ? 0 : next.at - last.at
    const wait = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, took)) / speed
    this.#timer = window.setTimeout(() => {
      this.seek(count + 1)
    }, wait)
  }

  /** What went on when it was shared is not shown as going on. */
  #stateAfter(count: number): SessionState['content'] {
    const state = this.replay.stateAfter(count)
    if (count < this.length) return state
    return { ...state, rowIds: state.rowIds.filter((id) => state.rows.get(id)?.kind !== 'working') }
  }
}

function nothing(): Promise<void> {
  return Promise.resolve()
}
