/** What the deployment says in /config.json: where the API is, and how one comes by a token there. */

interface Config {
  /** Empty: the page's own origin. */
  readonly apiBase: string
  readonly signIn: SignInHelp | null
}

/** Whom to ask for a token, in the deployment's own words, and where it is had. */
export interface SignInHelp {
  readonly hint: string
  readonly link: URL | null
}

const LONGEST_HINT = 500

let config: Config = { apiBase: '', signIn: null }

/** Reads /config.json. A page that is served without one uses its own origin. */
export async function loadConfig(): Promise<void> {
  try {
    const response = await fetch('/config.json', { cache: 'no-cache' })
    if (response.ok) config = configOf(await response.json())
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error
  }
}

/** What a config says, as far as it is well-formed: the page works with what is left of a bad one. */
export function configOf(value: unknown): Config {
  const base = memberOf(value, 'api_base')
  return {
    apiBase: typeof base === 'string' ? base.replace(/\/$/, '') : '',
    signIn: signInOf(memberOf(value, 'sign_in')),
  }
}

function signInOf(value: unknown): SignInHelp | null {
  const hint = memberOf(value, 'hint')
  if (typeof hint !== 'string' || hint.trim() === '' || hint.length > LONGEST_HINT) return null
  const link = memberOf(value, 'link')
  const url = typeof link === 'string' && URL.canParse(link) ? new URL(link) : null
  return {
    hint: hint.trim(),
    link: url?.protocol === 'https:' && url.username === '' && url.password === '' ? url : null,
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

export function apiUrl(path: string): string {
  return config.apiBase + path
}

export function signInHelp(): SignInHelp | null {
  return config.signIn
}
