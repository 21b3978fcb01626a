/** What the page reads of the service besides the open thread: lists, models, the person. */
import { QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { create } from 'zustand'
import type { RunStatus, Thread, ThreadChange } from '@/protocol/types'
import { hasEnded } from '@/protocol/types'
import { ApiError, api, body } from './api'
import { useNotices } from './notices'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.mayPass,
    },
  },
})

const ACTIVE_MS = 3000
const QUIET_MS = 15_000

export type ThreadList = 'pinned' | 'others' | 'archived' | 'all'

const QUERIES = {
  pinned: { pinned: true },
  others: { pinned: false },
  archived: { archived: 'only' },
  all: { archived: 'with' },
} as const

/** One of the lists of threads, newest first; with `search` those whose title holds it. */
export function useThreads(list: ThreadList, search = '', enabled = true) {
  return useInfiniteQuery({
    queryKey: ['threads', list, search],
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 100, ...QUERIES[list], search, ...(pageParam === null ? {} : { after: pageParam }) }
      return body(await api.GET('/v1/threads', { params: { query }, signal }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: QUIET_MS,
    placeholderData: (before) => before,
    enabled,
  })
}

/** The newest runs of all threads; asked for more often while one goes on. */
export function useRecentRuns() {
  const told = useNotices((state) => state.on)
  return useQuery({
    queryKey: ['runs'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/runs', { params: { query: { limit: 100 } }, signal })).items,
    refetchInterval: (query) =>
      query.state.data?.some((run) => !hasEnded(run.status)) === true ? ACTIVE_MS : QUIET_MS,
    // Who is told of what happens looks elsewhere.
    refetchIntervalInBackground: told,
  })
}

/** The threads in which something goes on, or waits for the person. */
export function useActiveThreads(): ReadonlyMap<string, RunStatus> {
  const { data } = useRecentRuns()
  const active = new Map<string, RunStatus>()
  for (const run of data ?? []) {
    if (!hasEnded(run.status) && active.get(run.thread_id) !== 'awaiting_input') active.set(run.thread_id, run.status)
  }
  return active
}

export function useModels() {
  return useQuery({
    queryKey: ['models'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/models', { signal })),
    staleTime: 60_000,
  })
}

/** All models, also those whose provider's key is missing. */
export function useEveryModel() {
  return useQuery({
    queryKey: ['models', 'all'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/models', { params: { query: { all: true } }, signal })),
    staleTime: 60_000,
  })
}

export function useMe() {
  return useQuery({
    queryKey: ['me'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/me', { signal })),
    staleTime: Infinity,
  })
}

/** Threads as they are after this page changed them: an open one was read before that. */
export const useChangedThreads = create<{ readonly threads: ReadonlyMap<string, Thread> }>(() => ({
  threads: new Map(),
}))

/** Renames, pins or archives a thread. */
export function useChangeThread() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ id, change }: { id: string; change: ThreadChange }): Promise<Thread> =>
      body(await api.PATCH('/v1/threads/{thread_id}', { params: { path: { thread_id: id } }, body: change })),
    onSuccess: async (thread) => {
      useChangedThreads.setState(({ threads }) => ({ threads: new Map(threads).set(thread.id, thread) }))
      await client.invalidateQueries({ queryKey: ['threads'] })
    },
  })
}
