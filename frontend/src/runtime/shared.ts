/** Reading what a link shares. Nothing of who looks goes along: no token of theirs, no cookie, no address. */
import { useQuery } from '@tanstack/react-query'
import { ApiError, problem } from './api'
import { apiUrl } from './config'
import { t } from '@/words'

/** Raises ApiError. */
export async function readShared(token: string, path: string, signal: AbortSignal | null): Promise<Response> {
  let response: Response
  try {
    response = await fetch(apiUrl(`/v1/shared${path}`), {
      headers: { 'Share-Token': token },
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
      signal,
    })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ApiError(0, 'offline', t('runtime.theServiceCannotBeReached'), t('runtime.tryAgainInAMoment'))
  }
  if (!response.ok) throw await problem(response)
  return response
}

export async function readSharedFile(token: string, path: string, signal: AbortSignal | null = null): Promise<Blob> {
  return (await readShared(token, `/files/${path.split('/').map(encodeURIComponent).join('/')}`, signal)).blob()
}

export function useSharedFile(token: string, path: string, enabled = true) {
  return useQuery({
    queryKey: ['shared-file', token, path],
    queryFn: ({ signal }) => readSharedFile(token, path, signal),
    staleTime: Infinity,
    retry: false,
    enabled,
  })
}
