/** What it is to have a thread open: its state, and what one may ask of it. */
import type { StoreApi } from 'zustand/vanilla'
import type { EasyLook } from '@/protocol/easy'
import type { ThreadState } from '@/protocol/state'
import type { Run, Thread } from '@/protocol/types'
import type { ApiError } from './api'
import type { Connection } from './follow'

export interface SessionState {
  readonly content: ThreadState
  readonly thread: Thread | null
  readonly loading: boolean
  readonly problem: ApiError | null
  /** Null: there is nothing to follow. */
  readonly connection: Connection | null
  /** The cursor of the messages before the oldest that was read; null when all are there. */
  readonly older: string | null
  readonly loadingOlder: boolean
}

/** A thread that is open in the page, in whatever way; what reads it needs no more. */
export interface OpenThread {
  readonly threadId: string
  readonly store: StoreApi<SessionState>
  readonly easy: EasyLook
  /** Whether one can only look at it. */
  readonly readOnly: boolean
  /** The token of the link that it is read by; null where it is the person's own. */
  readonly link: string | null
  loadOlder: () => Promise<void>
  noticeRun: (run: Run) => Promise<void>
  takeRun: (run: Run) => void
  choose: (messageId: string) => Promise<void>
}
