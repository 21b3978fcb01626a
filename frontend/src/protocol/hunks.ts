/** The places that a unified diff of one file changes, as the agent's `edit_file` takes them. */

export interface Hunk {
  /** Where it says that it begins, counted from 0; null where it does not say. */
  readonly place: number | null
  readonly before: readonly string[]
  readonly after: readonly string[]
}

const HEAD = /^@@(?: -(\d+))?/

/** The hunks of a diff that the service has taken: what is no hunk's is skipped. */
export function hunksOf(diff: string): Hunk[] {
  const hunks: { place: number | null; before: string[]; after: string[] }[] = []
  for (const line of diff.replaceAll('\r\n', '\n').replace(/\n$/, '').split('\n')) {
    const head = HEAD.exec(line)
    if (head !== null) {
      hunks.push({ place: head[1] === undefined ? null : Number(head[1]) - 1, before: [], after: [] })
      continue
    }
    const hunk = hunks.at(-1)
    if (hunk === undefined || line.startsWith('\\')) continue
    if (!line.startsWith('+')) hunk.before.push(line.slice(1))
    if (!line.startsWith('-')) hunk.after.push(line.slice(1))
  }
  return hunks
}

/** The text with all hunks applied; null where one is not found in it. */
export function patched(text: string, hunks: readonly Hunk[]): string | null {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  let done = 0
  let shift = 0
  for (const { place, before, after } of hunks) {
    // What only adds names the line before.
    const said = place === null ? null : place + shift + (before.length === 0 ? 1 : 0)
    const at = find(lines, before, done, said)
    if (at === null) return null
    lines.splice(at, before.length, ...after)
    done = at + after.length
    shift += after.length - before.length
  }
  return lines.join('\n')
}

/** Where `wanted` stands from `first` on; of several places the one nearest to `said`. */
function find(lines: readonly string[], wanted: readonly string[], first: number, said: number | null): number | null {
  let best: number | null = null
  for (let at = first; at + wanted.length <= lines.length; at++) {
    if (!wanted.every((line, place) => lines[at + place] === line)) continue
    if (best === null || (said !== null && Math.abs(at - said) < Math.abs(best - said))) best = at
  }
  return best
}
