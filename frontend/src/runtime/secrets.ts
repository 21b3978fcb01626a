/** Secrets: what the agent may use without ever seeing it. Their values never come back from the service. */
import { useQuery } from '@tanstack/react-query'
import { api, body } from './api'
import { queryClient } from './queries'

export function useSecrets() {
  return useQuery({
    queryKey: ['secrets'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/secrets', { signal })).items,
    staleTime: 0,
  })
}

/** Stores a secret; without a value that of the stored one stays. Raises ApiError. */
export async function putSecret(name: string, value: string | null, hosts: readonly string[]): Promise<void> {
  await api.PUT('/v1/secrets/{name}', { params: { path: { name } }, body: { value, hosts: [...hosts] } })
  await queryClient.invalidateQueries({ queryKey: ['secrets'] })
}

/** Raises ApiError. */
export async function deleteSecret(name: string): Promise<void> {
  await api.DELETE('/v1/secrets/{name}', { params: { path: { name } } })
  await queryClient.invalidateQueries({ queryKey: ['secrets'] })
}
