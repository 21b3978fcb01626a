/** Signing in: the bearer token, kept by the browser, and the one-time code that gives it. */
import { create } from 'zustand'
import { apiUrl } from './config'
import { t } from '@/words'

const KEY = 'factotum.token'
const ACCOUNT = 'factotum.account'
/** How a token begins that the service keeps a session for. */
const SESSION = 'fcs_'

interface Session {
  readonly token: string | null
  /** The account that somebody who has several acts for, null: their own. */
  readonly account: string | null
  /** Why the person must sign in (again), in words for them. */
  readonly problem: string | null
}

export const useSession = create<Session>(() => ({
  token: localStorage.getItem(KEY),
  account: localStorage.getItem(ACCOUNT),
  problem: null,
}))

// Another tab signed in or out.
window.addEventListener('storage', (event) => {
  if (event.key === KEY) useSession.setState({ token: event.newValue, problem: null })
  if (event.key === ACCOUNT) location.assign('/')
})

export function signIn(token: string): void {
  localStorage.removeItem(ACCOUNT)
  localStorage.setItem(KEY, token)
  useSession.setState({ token, account: null, problem: null })
}

/** Signs in with a token that somebody typed if the service takes it; else returns why not, in words for them. */
export async function trySignIn(token: string): Promise<string | null> {
  if (!/^[\x21-\x7e]+$/.test(token)) return t('runtime.theServiceDoesNotTake')
  try {
    const response = await fetch(apiUrl('/v1/me'), { headers: { Authorization: `Bearer ${token}` } })
    if (response.ok) {
      signIn(token)
      return null
    }
    const answer: unknown = await response.json()
    if (textOf(answer, 'code') === 'unauthenticated') return t('runtime.theServiceDoesNotTake')
    const said = textOf(answer, 'detail')
    return said === null
      ? t('runtime.theServiceAnsweredWithStatus', { status: response.status })
      : `${said} ${textOf(answer, 'hint') ?? ''}`.trim()
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error
    return t('runtime.theServiceCannotBeReachedIs')
  }
}

/** Without a `problem` it is the person's own wish, and a session ends at the service, too. */
export function signOut(problem: string | null = null): void {
  const { token } = useSession.getState()
  if (problem === null && token?.startsWith(SESSION) === true) {
    const headers = { Authorization: `Bearer ${token}` }
    void fetch(apiUrl('/v1/session'), { method: 'DELETE', headers, keepalive: true }).catch(() => undefined)
  }
  localStorage.removeItem(KEY)
  localStorage.removeItem(ACCOUNT)
  useSession.setState({ token: null, account: null, problem })
}

export function chooseAccount(account: string | null): void {
  if (account === null) localStorage.removeItem(ACCOUNT)
  else localStorage.setItem(ACCOUNT, account)
  useSession.setState({ account })
}

/**
 * Takes the code of an address like `/#code=...` off the address bar and exchanges it for the token.
 * A code that is no longer good matters only to somebody who is not signed in.
 */
export async function redeemCode(): Promise<void> {
  const code = new URLSearchParams(location.hash.slice(1)).get('code')
  if (code === null) return
  history.replaceState(history.state, '', location.pathname + location.search)
  try {
    const response = await fetch(apiUrl('/v1/auth/exchange'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ code }),
    })
    const answer: unknown = await response.json()
    const token = textOf(answer, 'token')
    if (response.ok && token !== null) {
      signIn(token)
    } else if (useSession.getState().token === null) {
      useSession.setState({ problem: textOf(answer, 'detail') ?? t('runtime.thisAddressIsNoLonger') })
    }
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error
    if (useSession.getState().token === null) useSession.setState({ problem: t('runtime.theServiceCannotBeReachedIs') })
  }
}

function textOf(value: unknown, name: string): string | null {
  if (typeof value !== 'object' || value === null) return null
  const found: unknown = Reflect.get(value, name)
  return typeof found === 'string' ? found : null
}
