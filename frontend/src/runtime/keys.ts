/** API keys: making, listing, revoking. */
import { useQuery } from '@tanstack/react-query'
import type { KeyScope, MadeKey } from '@/protocol/types'
import { api, body } from './api'
import { apiUrl } from './config'
import { queryClient } from './queries'

export function useKeys() {
  return useQuery({
    queryKey: ['keys'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/keys', { signal })).items,
    staleTime: 0,
  })
}

/** Makes a key that ends after so many days, null: never by itself. Raises ApiError. */
export async function createKey(name: string, scope: KeyScope, days: number | null): Promise<MadeKey> {
  const expires_at = days === null ? null : new Date(Date.now() + days * 86_400_000).toISOString()
  const made = body(await api.POST('/v1/keys', { body: { name, scope, expires_at } }))
  await queryClient.invalidateQueries({ queryKey: ['keys'] })
  return made
}

/** Raises ApiError. */
export async function revokeKey(id: string): Promise<void> {
  await api.DELETE('/v1/keys/{key_id}', { params: { path: { key_id: id } } })
  await queryClient.invalidateQueries({ queryKey: ['keys'] })
}

/** A command that calls the service with a key. */
export function curlWith(key: string): string {
  return `curl -H "Authorization: Bearer ${key}" \\\n  ${new URL(apiUrl('/v1/me'), location.origin).href}`
}
