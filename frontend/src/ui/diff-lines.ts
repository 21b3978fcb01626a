/** What differs between two texts, line by line. */

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'gap'
  readonly text: string
  /** Its number in the old and in the new text, counted from 1. */
  readonly before: number | null
  readonly after: number | null
}

/** Beyond this product of lines, what lies between the same beginning and the same end counts as all changed. */
const MOST_CELLS = 4_000_000
const AROUND = 3

/** The lines of both texts: the longest common ones are the same, the others were removed or added. */
export function diff(before: string, after: string): DiffLine[] {
  const old = linesOf(before)
  const now = linesOf(after)
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head++
  let tail = 0
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  const lines: DiffLine[] = []
  const same = (text: string, one: number, other: number): void => {
    lines.push({ kind: 'same', text, before: one + 1, after: other + 1 })
  }
  for (let n = 0; n < head; n++) same(old[n] ?? '', n, n)
  for (const { kind, text, place } of middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail))) {
    const [one, other] = [head + place[0], head + place[1]]
    if (kind === 'same') same(text, one, other)
    else
      lines.push({
        kind,
        text,
        before: kind === 'removed' ? one + 1 : null,
        after: kind === 'added' ? other + 1 : null,
      })
  }
  for (let n = tail; n > 0; n--) same(old[old.length - n] ?? '', old.length - n, now.length - n)
  return lines
}

function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

interface Step {
  kind: 'same' | 'added' | 'removed'
  text: string
  place: [number, number]
}

function* middle(old: readonly string[], now: readonly string[]): Generator<Step> {
  const width = now.length + 1
  const fits = (old.length + 1) * width <= MOST_CELLS
  // longest[i * width + j]: how many lines the rest of `old` from i and the rest of `now` from j have in common.
  const longest = new Uint32Array(fits ? (old.length + 1) * width : 0)
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0
  if (fits)
    for (let i = old.length - 1; i >= 0; i--)
      for (let j = now.length - 1; j >= 0; j--)
        longest[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (fits && i < old.length && j < now.length && old[i] === now[j]) {
      yield { kind: 'same', text: old[i] ?? '', place: [i, j] }
      i++
      j++
    } else if (i < old.length && (j === now.length || !fits || at(i + 1, j) >= at(i, j + 1))) {
      yield { kind: 'removed', text: old[i] ?? '', place: [i, j] }
      i++
    } else {
      yield { kind: 'added', text: now[j] ?? '', place: [i, j] }
      j++
    }
  }
}

/** Leaves out what is the same, but for a few lines around each change. */
export function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>()
  lines.forEach((line, place) => {
    if (line.kind !== 'same') for (let n = place - AROUND; n <= place + AROUND; n++) near.add(n)
  })
  const shown: DiffLine[] = []
  lines.forEach((line, place) => {
    if (near.has(place)) shown.push(line)
    else if (shown.at(-1)?.kind !== 'gap') shown.push({ kind: 'gap', text: '', before: null, after: null })
  })
  return shown
}

/** How many lines were added and removed. */
export function counted(lines: readonly DiffLine[]): { added: number; removed: number } {
  let [added, removed] = [0, 0]
  for (const { kind } of lines) {
    if (kind === 'added') added++
    if (kind === 'removed') removed++
  }
  return { added, removed }
}
