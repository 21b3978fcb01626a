/** What is being written, for each thread, so that going elsewhere and coming back loses nothing. */
import { create } from 'zustand'

export interface Draft {
  readonly text: string
  readonly files: readonly File[]
}

const NOTHING: Draft = { text: '', files: [] }
const KEY = 'factotum.drafts'

/** Texts outlive a reload of the page; files cannot. */
function stored(): ReadonlyMap<string, Draft> {
  const found = new Map<string, Draft>()
  try {
    const texts: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}')
    if (typeof texts === 'object' && texts !== null) {
      for (const [key, text] of Object.entries(texts)) if (typeof text === 'string') found.set(key, { text, files: [] })
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return found
}

const useDrafts = create<{ readonly drafts: ReadonlyMap<string, Draft> }>(() => ({ drafts: stored() }))

export function useDraft(key: string): [Draft, (changes: Partial<Draft>) => void] {
  const draft = useDrafts((state) => state.drafts.get(key) ?? NOTHING)
  return [
    draft,
    (changes) => {
      changeDraft(key, changes)
    },
  ]
}

export function changeDraft(key: string, changes: Partial<Draft>): void {
  useDrafts.setState((state) => {
    const drafts = new Map(state.drafts)
    const next = { ...(drafts.get(key) ?? NOTHING), ...changes }
    if (next.text === '' && next.files.length === 0) drafts.delete(key)
    else drafts.set(key, next)
    const texts = Object.fromEntries([...drafts].map(([name, { text }]) => [name, text.slice(0, 100_000)]))
    sessionStorage.setItem(KEY, JSON.stringify(texts))
    return { drafts }
  })
}

/** Adds files; one whose name is taken gets a number, since the workspace would keep only one of them. */
export function withFiles(have: readonly File[], more: Iterable<File>): File[] {
  const files = [...have]
  for (const file of more) {
    const [stem, extension] = split(file.name === '' ? 'file' : file.name)
    let name = stem + extension
    for (let number = 2; files.some((other) => other.name === name); number++)
      name = `${stem}-${String(number)}${extension}`
    files.push(name === file.name ? file : new File([file], name, { type: file.type }))
  }
  return files
}

function split(name: string): [string, string] {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
}
