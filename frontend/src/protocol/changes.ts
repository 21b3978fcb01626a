/** What the agent wrote into files, read off its calls: each file before its first change and after its last. */
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
    const path = text(call, 'path')?.replace(/^(\.\/)+/, '') ?? ''
    if (call.state !== 'ok' || path === '') continue
    const known = found.get(path)
    const next = changed(
      known ?? { path, kind: 'changed', before: '', after: null, parts: [] },
      call,
      known === undefined,
    )
    if (next !== null) found.set(path, next)
    if (next?.kind === 'deleted' && known?.kind === 'made') found.delete(path)
  }
  return [...found.values()]
}

function changed(file: FileChange, call: Call, first: boolean): FileChange | null {
  switch (call.name) {
    case 'create_file':
    case 'rewrite_file': {
      const content = text(call, 'content')
      if (content === null) return null
      const kind = first && call.name === 'create_file' ? 'made' : file.kind === 'made' ? 'made' : 'changed'
      return { ...file, kind, after: content, parts: [] }
    }
    case 'str_replace': {
      const [before, after] = [text(call, 'old_text'), text(call, 'new_text')]
      if (before === null || after === null) return null
      if (file.after === null) return { ...file, parts: [...file.parts, { before, after }] }
      return { ...file, after: replaced(file.after, before, after, call.arguments.occurrence) }
    }
    case 'delete_file':
      return { ...file, kind: 'deleted', before: file.after ?? '', after: '', parts: [] }
    default:
      return null
  }
}

function replaced(content: string, before: string, after: string, occurrence: unknown): string {
  if (occurrence === 'all') return content.replaceAll(before, () => after)
  if (typeof occurrence !== 'number') return content.replace(before, () => after)
  let at = -1
  for (let n = 0; n < occurrence; n++) at = content.indexOf(before, at + 1)
  return at < 0 ? content : content.slice(0, at) + after + content.slice(at + before.length)
}

function text(call: Call, name: string): string | null {
  const value = call.arguments[name]
  return typeof value === 'string' ? value : null
}
