/** Versions of a project's workspace: those that are kept, one more, and one put back. */
import { useQuery } from '@tanstack/react-query'
import { api, body } from './api'
import { queryClient } from './queries'

/** All that are kept, the newest first. `changes` counts what tools changed: another number reads anew. */
export function useVersions(projectId: string, changes: number) {
  return useQuery({
    queryKey: ['versions', projectId, changes],
    queryFn: async ({ signal }) =>
      body(
        await api.GET('/v1/projects/{project_id}/snapshots', { params: { path: { project_id: projectId } }, signal }),
      ),
    placeholderData: (before) => before,
    staleTime: 0,
  })
}

/** Keeps the workspace as it is now. Raises ApiError. */
export async function keepVersion(projectId: string): Promise<void> {
  await api.POST('/v1/projects/{project_id}/snapshots', {
    params: { path: { project_id: projectId } },
    body: { note: '' },
  })
  await queryClient.invalidateQueries({ queryKey: ['versions', projectId] })
}

/** Puts a version in the place of what is there, which is kept as a version of its own. Raises ApiError. */
export async function restoreVersion(projectId: string, versionId: string): Promise<void> {
  await api.POST('/v1/projects/{project_id}/snapshots/{snapshot_id}/restore', {
    params: { path: { project_id: projectId, snapshot_id: versionId } },
  })
  await Promise.all(
    [['versions', projectId], ['files'], ['file']].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
  )
}
