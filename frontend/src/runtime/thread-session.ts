/** One open thread: reads its history, follows its runs one after the other, and tells its state to the page. */
import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import { reduce } from '@/protocol/reduce'
import { EMPTY, runsInOrder } from '@/protocol/state'
import type { Input, ThreadState } from '@/protocol/state'
import type { MessagePage, Run, Thread } from '@/protocol/types'
import { hasEnded } from '@/protocol/types'
import { ApiError, api, body } from './api'
import { follow } from './follow'
import type { Connection } from './follow'
import { queryClient } from './queries'

const FLUSH_MS = 50
const PAGE = 100

export interface SessionState {
  readonly content: ThreadState
  readonly thread: Thread | null
  readonly loading: boolean
  readonly problem: ApiError | null
  /** Null: there is nothing to follow. */
  readonly connection: Connection | null
  /** The position of the oldest message that was read; 1 when all are there. */
  readonly oldest: number
  readonly loadingOlder: boolean
}

export class ThreadSession {
  readonly threadId: string
  readonly store: StoreApi<SessionState>
  #closed = new AbortController()
  #waiting: Input[] = []
  #timer = 0
  #flushed = 0
  #following: string | null = null
  #followed = new Set<string>()

  constructor(threadId: string) {
    this.threadId = threadId
    this.store = createStore<SessionState>(() => ({
      content: EMPTY,
      thread: null,
      loading: true,
      problem: null,
      connection: null,
      oldest: 1,
      loadingOlder: false,
    }))
  }

  /** Reads the newest page of the thread and follows what is going on in it. */
  async open(): Promise<void> {
    this.#closed = new AbortController()
    const path = { thread_id: this.threadId }
    const { signal } = this.#closed
    try {
      const [thread, runs] = await Promise.all([
        api.GET('/v1/threads/{thread_id}', { params: { path }, signal }).then(body),
        api.GET('/v1/threads/{thread_id}/runs', { params: { path, query: { limit: PAGE } }, signal }).then(body),
      ])
      const after = Math.max(0, thread.last_position - PAGE)
      await this.#read(after)
      this.#take([{ type: 'history.runs', runs: runs.items }])
      this.#flush()
      this.store.setState({ thread, loading: false, oldest: after + 1 })
      this.#followNext()
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.store.setState({ loading: false, problem: error })
    }
  }

  close(): void {
    this.#closed.abort()
    clearTimeout(this.#timer)
    this.#timer = 0
    this.#following = null
    this.#followed.clear()
  }

  async loadOlder(): Promise<void> {
    const { oldest, loadingOlder, loading } = this.store.getState()
    if (oldest <= 1 || loadingOlder || loading) return
    this.store.setState({ loadingOlder: true })
    try {
      const after = Math.max(0, oldest - 1 - PAGE)
      await this.#read(after, oldest - 1 - after)
      this.#flush()
      this.store.setState({ oldest: after + 1 })
    } finally {
      this.store.setState({ loadingOlder: false })
    }
  }

  /** Shows a run that was just made, here or elsewhere. */
  async noticeRun(run: Run): Promise<void> {
    const known = this.store.getState().content.runs.get(run.id)
    if (known !== undefined && (hasEnded(known.status) || !hasEnded(run.status))) return
    this.#take([{ type: 'history.runs', runs: [run] }])
    await this.#read(this.#newest())
    this.#flush()
    this.#followNext()
  }

  /** Takes what the service says of a run after something was asked of it. */
  takeRun(run: Run): void {
    if (hasEnded(run.status)) this.#take([{ type: 'history.runs', runs: [run] }])
    this.#followNext()
  }

  #newest(): number {
    let newest = 0
    for (const entry of this.store.getState().content.entries.values()) newest = Math.max(newest, entry.position ?? 0)
    return newest
  }

  async #read(after: number, most = Infinity): Promise<void> {
    let cursor: string | null = String(after)
    let left = most
    while (cursor !== null && left > 0) {
      const limit = Math.min(200, left)
      const page: MessagePage = body(
        await api.GET('/v1/threads/{thread_id}/messages', {
          params: { path: { thread_id: this.threadId }, query: { limit, after: cursor } },
          signal: this.#closed.signal,
        }),
      )
      this.#take([{ type: 'history.messages', messages: page.items }])
      left -= page.items.length
      cursor = page.next ?? null
    }
  }

  /** Follows the oldest run that has not ended; else reads the log of the newest once, for its details. */
  #followNext(): void {
    if (this.#following !== null || this.#closed.signal.aborted) return
    const runs = runsInOrder(this.store.getState().content)
    const next = runs.find((run) => !hasEnded(run.status)) ?? runs.at(-1)
    if (next === undefined || this.#followed.has(next.id)) return
    void this.#follow(next.id)
  }

  async #follow(runId: string): Promise<void> {
    const { signal } = this.#closed
    this.#following = runId
    try {
      await follow({
        runId,
        signal,
        onEvents: (events) => {
          this.#take(events)
          for (const event of events) if (event.type === 'thread.titled') this.#retitle(event.title)
        },
        onConnection: (connection) => {
          this.store.setState({ connection })
        },
      })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (!signal.aborted && error.status !== 404) this.store.setState({ problem: error })
    }
    if (signal.aborted) return
    this.#flush()
    this.#followed.add(runId)
    this.#following = null
    this.store.setState({ connection: null })
    await this.#settle(runId)
    this.#followNext()
  }

  #retitle(title: string): void {
    const { thread } = this.store.getState()
    // Read again, a log tells of a title that somebody may have changed since.
    if (thread?.title !== '') return
    this.store.setState({ thread: { ...thread, title } })
    void queryClient.invalidateQueries({ queryKey: ['threads'] })
  }

  /** Reads a run whose stream has ended: its row has the exact times, and knows an end that the stream lost. */
  async #settle(runId: string): Promise<void> {
    const known = this.store.getState().content.runs.get(runId)
    if (known === undefined) return
    try {
      const answer = await api.GET('/v1/runs/{run_id}', {
        params: { path: { run_id: runId } },
        signal: this.#closed.signal,
      })
      this.#take([{ type: 'history.runs', runs: [body(answer)] }])
      if (!hasEnded(known.status)) await this.#read(this.#newest())
      this.#flush()
    } catch (error) {
      if (!(error instanceof ApiError) && !this.#closed.signal.aborted) throw error
    }
  }

  #take(inputs: readonly Input[]): void {
    this.#waiting.push(...inputs)
    if (this.#timer !== 0) return
    const wait = Math.max(0, this.#flushed + FLUSH_MS - performance.now())
    this.#timer = window.setTimeout(() => {
      this.#flush()
    }, wait)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = 0
    if (this.#waiting.length === 0) return
    const inputs = this.#waiting
    this.#waiting = []
    this.#flushed = performance.now()
    this.store.setState((state) => ({ content: reduce(state.content, inputs) }))
  }
}
