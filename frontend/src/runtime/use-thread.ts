/** How components read the open thread: one subscription a row. */
import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { EasyRow } from '@/protocol/easy'
import type { Call, RunState } from '@/protocol/state'
import type { Thread } from '@/protocol/types'
import { hasEnded } from '@/protocol/types'
import { useLook } from './look'
import { useChangedThreads } from './queries'
import type { OpenThread, SessionState } from './open-thread'

export const SessionContext = createContext<OpenThread | null>(null)

export function useThreadSession(): OpenThread {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('there is no open thread here')
  return session
}

export function useThreadState<Slice>(select: (state: SessionState) => Slice): Slice {
  return useStore(useThreadSession().store, select)
}

/** The open thread's own record, with what this page changed of it. */
export function useOpenThread(): Thread | null {
  const read = useThreadState((state) => state.thread)
  const changed = useChangedThreads((state) => (read === null ? undefined : state.threads.get(read.id)))
  if (read === null || changed === undefined) return read
  return { ...changed, title: changed.title === '' ? read.title : changed.title }
}

/** The rows as the person wants to see them, from top to bottom. */
export function useRowIds(): readonly string[] {
  const { easy: look } = useThreadSession()
  const easy = useLook((state) => state.easy)
  return useThreadState(({ content }) => (easy ? look.of(content).rowIds : content.rowIds))
}

export function useRow(id: string): EasyRow | undefined {
  const { easy: look } = useThreadSession()
  const easy = useLook((state) => state.easy)
  return useThreadState(({ content }) => (easy ? look.of(content).rows : content.rows).get(id))
}

export function useCall(id: string | null): Call | undefined {
  return useThreadState((state) => (id === null ? undefined : state.content.calls.get(id)))
}

/** The run that goes on or waits; else the last one of the thread's path. */
export function useCurrentRun(): RunState | undefined {
  return useThreadState(({ content }) =>
    content.currentRunId === null ? undefined : content.runs.get(content.currentRunId),
  )
}

/** Whether a run of the thread has not ended: until then the thread's path stays as it is. */
export function useIsBusy(): boolean {
  const run = useCurrentRun()
  return run !== undefined && !hasEnded(run.status)
}

/** Grows whenever a tool changed the workspace. */
export function useFileChanges(): number {
  return useThreadState((state) => {
    let sum = 0
    for (const run of state.content.runs.values()) sum += run.fileChanges + (hasEnded(run.status) ? 1 : 0)
    return sum
  })
}
