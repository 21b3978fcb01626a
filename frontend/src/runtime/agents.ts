/** The person's agents, and the tools that an agent can be given. */
import { useQuery } from '@tanstack/react-query'
import { settingsOf } from '@/protocol/agents'
import type { AgentDraft } from '@/protocol/agents'
import type { Agent } from '@/protocol/types'
import { api, body } from './api'
import { queryClient } from './queries'

const MOST = 200

/** The newest 200. */
export function useAgents() {
  return useQuery({
    queryKey: ['agents'],
    queryFn: async ({ signal }) =>
      body(await api.GET('/v1/agents', { params: { query: { limit: MOST } }, signal })).items,
    staleTime: 60_000,
  })
}

export function useTools() {
  return useQuery({
    queryKey: ['tools'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/tools', { signal })).items,
    staleTime: 60_000,
  })
}

/** Stores an agent, a new one without an id. Raises ApiError. */
export async function saveAgent(id: string | null, draft: AgentDraft): Promise<Agent> {
  const content = {
    name: draft.name.trim(),
    instructions: draft.instructions,
    model: draft.model,
    settings: settingsOf(draft),
  }
  const agent = body(
    id === null
      ? await api.POST('/v1/agents', { body: content })
      : await api.PATCH('/v1/agents/{agent_id}', { params: { path: { agent_id: id } }, body: content }),
  )
  await queryClient.invalidateQueries({ queryKey: ['agents'] })
  return agent
}

/** Raises ApiError. */
export async function deleteAgent(id: string): Promise<void> {
  await api.DELETE('/v1/agents/{agent_id}', { params: { path: { agent_id: id } } })
  await queryClient.invalidateQueries({ queryKey: ['agents'] })
}
