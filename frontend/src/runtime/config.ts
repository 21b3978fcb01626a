/** Where the API is: the page's own origin, unless /config.json says otherwise. */

let apiBase = ''

/** Reads /config.json. A page that is served without one uses its own origin. */
export async function loadConfig(): Promise<void> {
  try {
    const response = await fetch('/config.json', { cache: 'no-cache' })
    if (!response.ok) return
    const config: unknown = await response.json()
    if (typeof config === 'object' && config !== null && 'api_base' in config && typeof config.api_base === 'string') {
      apiBase = config.api_base.replace(/\/$/, '')
    }
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error
  }
}

export function apiUrl(path: string): string {
  return apiBase + path
}
