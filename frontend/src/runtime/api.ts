/** The typed client of the API, and what its failures say to a person. */
import createClient from 'openapi-fetch'
import type { paths } from '@/protocol/api'
import type { FieldProblem } from '@/protocol/types'
import { t } from '@/words'
import { chooseAccount, signOut, useSession } from './auth'
import { apiUrl } from './config'

/** The service refused, or could not be reached (`code` is then `offline`). `fields`: what of a body is wrong. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string
  readonly fields: readonly FieldProblem[]

  constructor(status: number, code: string, message: string, hint = '', fields: readonly FieldProblem[] = []) {
    super(message)
    this.status = status
    this.code = code
    this.hint = hint
    this.fields = fields
  }

  /** Whether the same may work later by itself: not where the service is not set up for it (501). */
  get mayPass(): boolean {
    return this.status === 0 || (this.status >= 500 && this.status !== 501)
  }
}

/** Calls the service as the person who is signed in. Raises ApiError. */
export async function authorizedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  const { token, account } = useSession.getState()
  if (token !== null) headers.set('Authorization', `Bearer ${token}`)
  if (token !== null && account !== null) headers.set('Factotum-Account', account)
  let response: Response
  try {
    response = await fetch(url, { ...init, headers })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ApiError(0, 'offline', t('runtime.theServiceCannotBeReached'), t('runtime.checkThatItIsRunning'))
  }
  if (response.ok) return response
  const refusal = await problem(response)
  if (response.status === 401 && token !== null && useSession.getState().token === token) signOut(refused(refusal))
  if (refusal.code === 'account_not_found' && account !== null) {
    // They were taken out of it, and have at least the one that they had before.
    chooseAccount(null)
    location.assign('/')
  }
  throw refusal
}

function refused({ code, message, hint }: ApiError): string {
  return code === 'session_ended' ? `${message} ${hint}` : t('runtime.yourSignInIsNo')
}

/** What a refusal says. */
export async function problem(response: Response): Promise<ApiError> {
  const fallback = t('runtime.theServiceAnsweredWithStatus', { status: response.status })
  try {
    const body: unknown = await response.clone().json()
    if (typeof body === 'object' && body !== null) {
      const text = (name: string): string => {
        const value: unknown = Reflect.get(body, name)
        return typeof value === 'string' ? value : ''
      }
      const message = text('detail') || text('title') || fallback
      const fields: unknown = Reflect.get(body, 'errors')
      const known = Array.isArray(fields) ? fields.filter(isFieldProblem) : []
      return new ApiError(response.status, text('code'), message, text('hint'), known)
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return new ApiError(response.status, 'unknown', fallback)
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'field' in value &&
    typeof value.field === 'string' &&
    'problem' in value &&
    typeof value.problem === 'string'
  )
}

export const api = createClient<paths>({
  // The real base is known once /config.json was read.
  baseUrl: location.origin,
  fetch: async (request) => {
    const { pathname, search } = new URL(request.url)
    const { method, headers, signal } = request
    // Handed on as a text: as a stream, the browser would send it over HTTP/2 only.
    const content = method === 'GET' || method === 'HEAD' ? null : await request.text()
    return authorizedFetch(apiUrl(pathname + search), {
      method,
      headers,
      signal,
      body: content === '' ? null : content,
    })
  },
})

/** The answer's body. Failures were raised already. */
export function body<Data>(answer: { data?: Data | undefined }): Data {
  if (answer.data === undefined) throw new ApiError(502, 'empty', t('runtime.theServiceGaveAnEmpty'))
  return answer.data
}

/** What to tell a person about a failure. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return error.hint === '' ? error.message : `${error.message} ${error.hint}`
  return t('runtime.somethingInThePageWent')
}
