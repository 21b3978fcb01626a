/** Secrets: what the agent may use without ever seeing it. Their values never come back from the service. */
import { useQuery } from '@tanstack/react-query'
import { authorizedFetch } from './api'
import { apiUrl } from './config'
import { queryClient } from './queries'

export interface Secret {
  readonly name: string
  readonly hosts: readonly string[]
  readonly created_at: string
  readonly updated_at: string
  readonly last_used_at: string | null
}

export function useSecrets() {
  return useQuery({
    queryKey: ['secrets'],
    queryFn: async ({ signal }): Promise<readonly Secret[]> => {
      const answer = await authorizedFetch(apiUrl('/v1/secrets'), { signal })
      return ((await answer.json()) as { items: readonly Secret[] }).items
    },
    staleTime: 0,
  })
}

/** Stores a secret; without a value that of the stored one stays. Raises ApiError. */
export async function putSecret(name: string, value: string | null, hosts: readonly string[]): Promise<void> {
  await authorizedFetch(addressOf(name), {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ value, hosts }),
  })
  await queryClient.invalidateQueries({ queryKey: ['secrets'] })
}

/** Raises ApiError. */
export async function deleteSecret(name: string): Promise<void> {
  await authorizedFetch(addressOf(name), { method: 'DELETE' })
  await queryClient.invalidateQueries({ queryKey: ['secrets'] })
}

function addressOf(name: string): string {
  return apiUrl(`/v1/secrets/${encodeURIComponent(name)}`)
}
