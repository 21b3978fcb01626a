/** One open thread: reads its history, follows its runs one after the other, and tells its state to the page. */
import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import { EasyLook } from '@/protocol/easy'
import { reduce } from '@/protocol/reduce'
import { EMPTY } from '@/protocol/state'
import type { Input } from '@/protocol/state'
import type { Message, MessagePage, Run } from '@/protocol/types'
import { hasEnded } from '@/protocol/types'
import { ApiError, api, body } from './api'
import { follow } from './follow'
import type { OpenThread, SessionState } from './open-thread'
import { queryClient } from './queries'
import { chooseBranch } from './send'

const FLUSH_MS = 50
const AGAIN_MS = 3000
const PAGE = 100

export class ThreadSession implements OpenThread {
  readonly readOnly = false
  readonly link = null
  readonly threadId: string
  readonly store: StoreApi<SessionState>
  readonly easy = new EasyLook()
  #closed = new AbortController()
  #waiting: Input[] = []
  #timer = 0
  #again = 0
  #flushed = 0
  #following: string | null = null
  #followed = new Set<string>()
  #reads = { begun: 0, taken: 0 }

  constructor(threadId: string) {
    this.threadId = threadId
    this.store = createStore<SessionState>(() => ({
      content: EMPTY,
      thread: null,
      loading: true,
      problem: null,
      connection: null,
      older: null,
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
        this.#readPath(),
      ])
      this.#take([{ type: 'history.runs', runs: runs.items }])
      this.#flush()
      this.store.setState({ thread, loading: false, problem: null })
      this.#followNext()
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.store.setState({ loading: false, problem: error })
      // A service that is away, or not well, is asked again.
      if (error.mayPass) this.#again = window.setTimeout(() => void this.open(), AGAIN_MS)
    }
  }

  close(): void {
    this.#closed.abort()
    clearTimeout(this.#again)
    clearTimeout(this.#timer)
    this.#timer = 0
    this.#following = null
    this.#followed.clear()
  }

  async loadOlder(): Promise<void> {
    const { older, loadingOlder, loading } = this.store.getState()
    if (older === null || loadingOlder || loading) return
    this.store.setState({ loadingOlder: true })
    try {
      const page = await this.#page(older)
      // Meanwhile the thread may have gone to another branch.
      if (this.store.getState().older !== older) return
      this.#take([{ type: 'history.messages', messages: page.items }])
      this.#flush()
      this.store.setState({ older: page.previous ?? null })
    } finally {
      this.store.setState({ loadingOlder: false })
    }
  }

  /** Shows a run that was just made, here or elsewhere. */
  async noticeRun(run: Run): Promise<void> {
    const known = this.store.getState().content.runs.get(run.id)
    if (known !== undefined && (hasEnded(known.status) || !hasEnded(run.status))) {
      if (run.status === 'queued' && known.status === 'queued' && run.input !== known.input) this.takeRun(run)
      return
    }
    this.#take([{ type: 'history.runs', runs: [run] }])
    await this.#readPath()
    this.#flush()
    this.#followNext()
  }

  /** Takes what the service says of a run after something was asked of it. */
  takeRun(run: Run): void {
    if (hasEnded(run.status) || run.status === 'queued') this.#take([{ type: 'history.runs', runs: [run] }])
    this.#followNext()
  }

  /** Goes to the branch of a message. Raises ApiError. */
  async choose(messageId: string): Promise<void> {
    await chooseBranch(this.threadId, messageId)
    await this.#readPath()
    this.#flush()
    // The details of a run that was left are gone.
    this.#followed.clear()
    this.#followNext()
  }

  /** Reads the end of the path that the thread goes on with. */
  async #readPath(): Promise<void> {
    this.#flush()
    const turn = ++this.#reads.begun
    const known = new Set(this.store.getState().content.entries.keys())
    const page = await this.#page('end')
    // What was asked for later came first, and knows better.
    if (turn < this.#reads.taken) return
    this.#reads.taken = turn
    this.#flush()
    const { entries } = this.store.getState().content
    const joins = page.items.some(({ id }) => typeof entries.get(id)?.position === 'number')
    this.#take([{ type: 'history.path', messages: page.items, known }])
    if (!joins) this.store.setState({ older: page.previous ?? null })
  }

  async #page(before: string): Promise<MessagePage> {
    const params = { path: { thread_id: this.threadId }, query: { limit: PAGE, before } }
    return body(await api.GET('/v1/threads/{thread_id}/messages', { params, signal: this.#closed.signal }))
  }

  /** Follows the run that goes on; else reads the log of the path's last once, for its details. */
  #followNext(): void {
    if (this.#following !== null || this.#closed.signal.aborted) return
    const next = this.store.getState().content.currentRunId
    if (next === null || this.#followed.has(next)) return
    void this.#follow(next)
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
          for (const event of events) {
            if (event.type === 'thread.titled') this.#retitle(event.title)
            // What stands beside a message is in no event: it was edited, or is another try.
            if (event.type === 'message.created' && this.#mayHaveSiblings(event.message)) void this.#lookBeside()
          }
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

  #mayHaveSiblings({ id, role, run_id }: Message): boolean {
    const { entries, runs } = this.store.getState().content
    if (typeof entries.get(id)?.position === 'number' || hasEnded(runs.get(run_id ?? '')?.status ?? 'queued'))
      return false
    return role === 'user' || ![...entries.values()].some((entry) => entry.runId === run_id && entry.position !== null)
  }

  async #lookBeside(): Promise<void> {
    try {
      await this.#readPath()
    } catch (error) {
      if (!(error instanceof ApiError) && !this.#closed.signal.aborted) throw error
    }
  }

  #retitle(title: string): void {
    const { thread } = this.store.getState()
    // Read again, a log tells of a title that somebody may have changed since.
    if (thread?.title === '') this.store.setState({ thread: { ...thread, title } })
    // The list may have been read before the thread was: it may have none although the thread has one.
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
      if (!hasEnded(known.status)) await this.#readPath()
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
