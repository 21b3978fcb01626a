/** The files of a thread's workspace: listing, reading, uploading. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { WorkspaceFile } from '@/protocol/types'
import { api, authorizedFetch, body } from './api'
import { apiUrl } from './config'

const LARGEST_PREVIEW = 5_000_000
const LARGEST_PAGED = 25_000_000

/** Larger files are offered for download only. Bytes; a PDF is drawn page by page, so it may be larger. */
export function largestPreview(path: string): number {
  return path.toLowerCase().endsWith('.pdf') ? LARGEST_PAGED : LARGEST_PREVIEW
}

function fileUrl(threadId: string, path: string): string {
  return apiUrl(`/v1/threads/${threadId}/files/${path.split('/').map(encodeURIComponent).join('/')}`)
}

/** The entries of a folder, folders first. `changes` counts what tools changed: another number reads anew. */
export function useFolder(threadId: string, path: string, changes: number) {
  return useQuery({
    queryKey: ['files', threadId, path, changes],
    queryFn: async ({ signal }) => {
      const answer = await api.GET('/v1/threads/{thread_id}/files', {
        params: { path: { thread_id: threadId }, query: { path } },
        signal,
      })
      const { items, truncated } = body(answer)
      return { items: [...items].sort(byKindAndName), truncated }
    },
    placeholderData: (before) => before,
  })
}

function byKindAndName(one: WorkspaceFile, other: WorkspaceFile): number {
  if ((one.kind === 'folder') !== (other.kind === 'folder')) return one.kind === 'folder' ? -1 : 1
  return one.path.localeCompare(other.path, undefined, { numeric: true })
}

/** Size and kind of one file; null when it is not there. */
export function useFileInfo(threadId: string, path: string, changes: number): WorkspaceFile | null | undefined {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.'
  const { data } = useFolder(threadId, folder, changes)
  if (data === undefined) return undefined
  return data.items.find((file) => file.path === path) ?? null
}

export async function readFile(threadId: string, path: string, signal?: AbortSignal): Promise<Blob> {
  const response = await authorizedFetch(fileUrl(threadId, path), signal === undefined ? {} : { signal })
  return response.blob()
}

export function useFile(threadId: string, path: string, changes: number, enabled = true) {
  return useQuery({
    queryKey: ['file', threadId, path, changes],
    queryFn: ({ signal }) => readFile(threadId, path, signal),
    placeholderData: (before, query) => (query?.queryKey[2] === path ? before : undefined),
    gcTime: 60_000,
    enabled,
  })
}

export async function uploadFile(threadId: string, path: string, content: Blob): Promise<void> {
  await authorizedFetch(fileUrl(threadId, path), { method: 'PUT', body: content })
}

/** The whole workspace as one zip; links in it are left out. Raises ApiError. */
export async function readArchive(threadId: string): Promise<Blob> {
  return (await authorizedFetch(apiUrl(`/v1/threads/${threadId}/archive`))).blob()
}

/** Reads the listings of a thread again. */
export function useRefreshFiles(threadId: string): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    await client.invalidateQueries({ queryKey: ['files', threadId] })
    await client.invalidateQueries({ queryKey: ['file', threadId] })
  }
}
