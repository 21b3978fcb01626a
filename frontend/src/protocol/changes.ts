/** What the agent wrote into files, read off its calls: each file before its first change and after its last. */
import { hunksOf, patched } from './hunks'
import type { Call } from './state'

export interface FileChange {
  readonly path: string
  readonly kind: 'made' | 'changed' | 'deleted'
  /** Its text before the first change, as far as the calls tell; empty where it was made, or nobody knows. */
  readonly before: string
  /** Its text now; null where only single replacements are known. */
  readonly after: string | null
  readonly parts: readonly { readonly before: string; readonly after: string }[]
}

/** The files that calls changed, in the order of their first change. What was made and deleted again is none. */
export function fileChanges(calls: Iterable<Call>): FileChange[] {
  const found = new Map<string, FileChange>()
  for (const call of calls) {
    const path = pathOf(call, 'path')
    if (call.state !== 'ok' || path === '') continue
    const known = found.get(path)
    const next = changed(
      known ?? { path, kind: 'changed', before: '', after: null, parts: [] },
      call,
      known === undefined,
    )
    if (next !== null) found.set(path, next)
    if (next?.kind === 'deleted' && known?.kind === 'made') found.delete(path)
    const target = call.name === 'move_file' ? pathOf(call, 'target') : ''
    if (known !== undefined && target !== '') {
      found.delete(path)
      found.set(target, { ...known, path: target })
    }
  }
  return [...found.values()]
}

function changed(file: FileChange, call: Call, first: boolean): FileChange | null {
  switch (call.name) {
    case 'create_file':
    case 'rewrite_file':
      return whole(file, text(call, 'content'), first && call.name === 'create_file')
    case 'str_replace': {
      const [before, after] = [text(call, 'old_text'), text(call, 'new_text')]
      if (before === null || after === null) return null
      if (file.after === null) return { ...file, parts: [...file.parts, { before, after }] }
      return { ...file, after: replaced(file.after, before, after, call.arguments.occurrence) }
    }
    case 'edit_file': {
      const hunks = hunksOf(text(call, 'diff') ?? '')
      const parts = hunks.map(({ before, after }) => ({ before: joined(before), after: joined(after) }))
      if (file.after === null) return { ...file, parts: [...file.parts, ...parts] }
      const after = patched(file.after, hunks)
      // What is not found in the text that is known was changed by something else: the places alone are sure.
      return after === null ? { ...file, kind: 'changed', before: '', after: null, parts } : { ...file, after }
    }
    case 'append_file': {
      const content = text(call, 'content')
      // It makes a file that is not there, and says so.
      if (content === null || call.output.startsWith('Created ')) return whole(file, content, first)
      if (file.after !== null) return { ...file, after: file.after + content }
      return { ...file, parts: [...file.parts, { before: '', after: content }] }
    }
    case 'delete_file':
      return { ...file, kind: 'deleted', before: file.after ?? '', after: '', parts: [] }
    default:
      return null
  }
}

/** A file that has `content` from now on, null where nobody knows it. */
function whole(file: FileChange, content: string | null, made: boolean): FileChange | null {
  if (content === null) return null
  return { ...file, kind: made || file.kind === 'made' ? 'made' : 'changed', after: content, parts: [] }
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function replaced(content: string, before: string, after: string, occurrence: unknown): string {
  if (occurrence === 'all') return content.replaceAll(before, () => after)
  if (typeof occurrence !== 'number') return content.replace(before, () => after)
  let at = -1
  for (let n = 0; n < occurrence; n++) at = content.indexOf(before, at + 1)
  return at < 0 ? content : content.slice(0, at) + after + content.slice(at + before.length)
}

function pathOf(call: Call, name: string): string {
  return text(call, name)?.replace(/^(\.\/)+/, '') ?? ''
}

function text(call: Call, name: string): string | null {
  const value = call.arguments[name]
  return typeof value === 'string' ? value : null
}
