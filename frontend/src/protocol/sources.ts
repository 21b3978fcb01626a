/** The pages that a text names: what stands behind its links. */

export interface Source {
  readonly url: string
  readonly title: string
  readonly host: string
}

const MOST = 20
const LINK =
  /(?<!!)\[((?:[^[\]\\]|\\.|\[[^[\]]*\])*)\]\(\s*<?(https?:\/\/[^\s<>()]+(?:\([^\s<>()]*\)[^\s<>()]*)*)>?[^)]*\)/g
const BARE = /(?<![(<\w/])<?(https?:\/\/[^\s<>)\]"'`]+)/g
const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g

/** The distinct pages that links in a markdown text lead to, in order of appearance, at most 20. */
export function sourcesOf(markdown: string): Source[] {
  const text = markdown.replaceAll(CODE, ' ')
  const found = new Map<string, { source: Source; at: number }>()
  const add = (address: string, title: string, at: number): void => {
    const url = address.replace(/[.,;:!?]+$/, '')
    if (!URL.canParse(url)) return
    const { host, pathname } = new URL(url)
    const name = host.replace(/^www\./, '')
    const known = found.get(url)
    const better = title.trim() !== '' && !/^\d+$/.test(title.trim())
    if (known !== undefined && !better) return
    const shown = better ? title.trim() : pathname === '/' ? name : decoded(pathname)
    if (known === undefined || !better || known.source.title === known.source.host)
      found.set(url, { source: { url, host: name, title: shown }, at: known?.at ?? at })
  }
  for (const match of text.matchAll(LINK)) add(match[2] ?? '', match[1] ?? '', match.index)
  for (const match of text.replaceAll(LINK, (link) => ' '.repeat(link.length)).matchAll(BARE))
    add(match[1] ?? '', '', match.index)
  return [...found.values()]
    .sort((one, other) => one.at - other.at)
    .slice(0, MOST)
    .map(({ source }) => source)
}

function decoded(path: string): string {
  const last = path.split('/').findLast((part) => part !== '') ?? path
  try {
    return decodeURIComponent(last).replaceAll(/[-_]+/g, ' ')
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return last
  }
}
