/** Signing in: the bearer token, kept by the browser, and the one-time code that gives it. */
import { create } from 'zustand'
import { apiUrl } from './config'
import { t } from '@/words'

const KEY = 'factotum.token'

interface Session {
  readonly token: string | null
  /** Why the person must sign in (again), in words for them. */
  readonly problem: string | null
}

export const useSession = create<Session>(() => ({ token: localStorage.getItem(KEY), problem: null }))

// Another tab signed in or out.
window.addEventListener('storage', (event) => {
  if (event.key === KEY) useSession.setState({ token: event.newValue, problem: null })
})

export function signIn(token: string): void {
  localStorage.setItem(KEY, token)
  useSession.setState({ token, problem: null })
}

export function signOut(problem: string | null = null): void {
  localStorage.removeItem(KEY)
  useSession.setState({ token: null, problem })
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
