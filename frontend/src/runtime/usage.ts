/** What the account used in a period. */
import { useQuery } from '@tanstack/react-query'
import { firstDay } from '@/protocol/usage'
import type { UsageBy } from '@/protocol/types'
import { api, body } from './api'

/** The last so many days, today included, in UTC. */
export function useUsage(days: number, by: UsageBy) {
  const to = new Date().toISOString().slice(0, 10)
  return useQuery({
    queryKey: ['usage', to, days, by],
    queryFn: async ({ signal }) =>
      body(await api.GET('/v1/usage', { params: { query: { from: firstDay(to, days), to, by } }, signal })),
    placeholderData: (before) => before,
  })
}
