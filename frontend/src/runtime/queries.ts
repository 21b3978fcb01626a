/** What the page reads of the service besides the open thread: lists, models, the person. */
import { QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { RunStatus, Thread } from '@/protocol/types'
import { hasEnded } from '@/protocol/types'
import { ApiError, api, body } from './api'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
    },
  },
})

const ACTIVE_MS = 3000
const QUIET_MS = 15_000

export function useThreads() {
  return useInfiniteQuery({
    queryKey: ['threads'],
    queryFn: async ({ pageParam, signal }) =>
      body(
        await api.GET('/v1/threads', {
          params: { query: { limit: 100, ...(pageParam === null ? {} : { after: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: QUIET_MS,
  })
}

/** The newest runs of all threads; asked for more often while one goes on. */
export function useRecentRuns() {
  return useQuery({
    queryKey: ['runs'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/runs', { params: { query: { limit: 100 } }, signal })).items,
    refetchInterval: (query) =>
      query.state.data?.some((run) => !hasEnded(run.status)) === true ? ACTIVE_MS : QUIET_MS,
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

export function useMe() {
  return useQuery({
    queryKey: ['me'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/me', { signal })),
    staleTime: Infinity,
  })
}

export function useRenameThread() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ id, title }: { id: string; title: string }) =>
      body(await api.PATCH('/v1/threads/{thread_id}', { params: { path: { thread_id: id } }, body: { title } })),
    onSuccess: async () => client.invalidateQueries({ queryKey: ['threads'] }),
  })
}

export function useDeleteThread() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (thread: Thread) =>
      api.DELETE('/v1/threads/{thread_id}', { params: { path: { thread_id: thread.id } } }),
    onSuccess: async () => client.invalidateQueries({ queryKey: ['threads'] }),
  })
}
