/** What the agent's browser shows: the newest picture of a run, or how it is at this moment. */
import { useQuery } from '@tanstack/react-query'
import type { BrowserLook } from '@/protocol/types'
import { api, authorizedFetch, body } from './api'
import { apiUrl } from './config'

/** `seq`: the event that told of it; another number reads the picture anew. Fails once it is no longer kept. */
export function useBrowserPicture(runId: string, seq: number) {
  return useQuery({
    queryKey: ['browser', runId, seq],
    queryFn: async ({ signal }) => {
      const response = await authorizedFetch(apiUrl(`/v1/runs/${runId}/browser/frame`), { signal })
      return response.blob()
    },
    placeholderData: (before, query) => (query?.queryKey[1] === runId ? before : undefined),
    gcTime: 5_000,
    staleTime: Infinity,
    retry: false,
  })
}

const LOOK_MS = 1500

/** The browser as it is now, also while somebody else has it; null while it is not asked for, or has ended. */
export function useLiveLook(runId: string, wanted: boolean): BrowserLook | null {
  const { data } = useQuery({
    queryKey: ['browser', runId, 'look'],
    queryFn: async ({ signal }) =>
      body(await api.GET('/v1/runs/{run_id}/browser/look', { params: { path: { run_id: runId } }, signal })),
    enabled: wanted,
    refetchInterval: ({ state }) => (state.error === null ? LOOK_MS : false),
    retry: false,
    staleTime: 0,
    gcTime: 0,
  })
  return wanted ? (data ?? null) : null
}
