/** Links to the person's threads: making, listing, revoking. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { NewShare } from '@/protocol/types'
import { api, body } from './api'

export function useShares(threadId: string) {
  return useQuery({
    queryKey: ['shares', threadId],
    queryFn: async ({ signal }) => {
      const params = { path: { thread_id: threadId } }
      return body(await api.GET('/v1/threads/{thread_id}/shares', { params, signal })).items
    },
    staleTime: 0,
  })
}

/** Makes a link that ends after so many days, null: never by itself. Raises ApiError. */
export async function createShare(threadId: string, days: number | null): Promise<NewShare> {
  const expires_at = days === null ? null : new Date(Date.now() + days * 86_400_000).toISOString()
  const params = { path: { thread_id: threadId } }
  return body(await api.POST('/v1/threads/{thread_id}/shares', { params, body: { expires_at } }))
}

/** Raises ApiError. */
export async function revokeShare(shareId: string): Promise<void> {
  await api.DELETE('/v1/shares/{share_id}', { params: { path: { share_id: shareId } } })
}

export function useRefreshShares(threadId: string): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: ['shares', threadId] })
}

/** The address of a link. After the `#` nothing is sent to any server, nor told to the next page. */
export function linkOf(token: string): string {
  return `${location.origin}/s#${token}`
}
