/** Threads that are about to be deleted: for some seconds they can be had back, then the service deletes them. */
import { create } from 'zustand'
import type { Thread } from '@/protocol/types'
import { api, authorizedFetch } from './api'
import { apiUrl } from './config'
import { queryClient } from './queries'

export const GRACE_MS = 7000

/** The threads that are hidden already. */
export const useDeleting = create<{ readonly ids: ReadonlySet<string> }>(() => ({ ids: new Set() }))

const timers = new Map<string, number>()

/** Hides a thread, and deletes it a little later. `onProblem` is told if the service refuses. */
export function deleteSoon(thread: Thread, onProblem: (error: unknown) => void): void {
  useDeleting.setState(({ ids }) => ({ ids: new Set([...ids, thread.id]) }))
  timers.set(
    thread.id,
    window.setTimeout(() => {
      timers.delete(thread.id)
      void remove(thread.id, onProblem)
    }, GRACE_MS),
  )
}

/** Takes it back. */
export function keep(threadId: string): void {
  window.clearTimeout(timers.get(threadId))
  timers.delete(threadId)
  show(threadId)
}

async function remove(threadId: string, onProblem: (error: unknown) => void): Promise<void> {
  try {
    await api.DELETE('/v1/threads/{thread_id}', { params: { path: { thread_id: threadId } } })
    await queryClient.invalidateQueries({ queryKey: ['threads'] })
  } catch (error) {
    onProblem(error)
  }
  show(threadId)
}

function show(threadId: string): void {
  useDeleting.setState(({ ids }) => ({ ids: new Set([...ids].filter((id) => id !== threadId)) }))
}

// Who leaves the page does not take it back any more.
window.addEventListener('pagehide', () => {
  for (const [id, timer] of timers) {
    window.clearTimeout(timer)
    void authorizedFetch(apiUrl(`/v1/threads/${id}`), { method: 'DELETE', keepalive: true }).catch(() => undefined)
  }
  timers.clear()
})
