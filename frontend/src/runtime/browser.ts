/** The picture of what the agent's browser shows: the newest of a run. */
import { useQuery } from '@tanstack/react-query'
import { authorizedFetch } from './api'
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
