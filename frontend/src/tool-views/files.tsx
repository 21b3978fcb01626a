/** Files: create, read, edit, delete, list. */
import { FilePen, FilePlus, FileText, FileX, FolderOpen } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Call } from '@/protocol/state'
import { Code } from '@/ui/markdown/code'
import { Diff } from '@/ui/diff'
import { diff } from '@/ui/diff-lines'
import { Output } from './detail'
import type { ToolView } from './view'
import { argument, fileName } from './view'

const MOST = 6000

function Content({ call }: { call: Call }) {
  const content = call.arguments.content
  if (typeof content !== 'string') return <Output call={call} />
  const extension = argument(call, 'path').split('.').at(-1) ?? ''
  return (
    <>
      <Code code={content.slice(0, MOST)} language={extension} className="max-h-72" />
      {content.length > MOST && <p className="px-3 pb-2 text-muted text-xs">The rest is in the file.</p>}
    </>
  )
}

function Change({ call }: { call: Call }) {
  const [before, after] = [call.arguments.old_text, call.arguments.new_text]
  return (
    <>
      {typeof before === 'string' && typeof after === 'string' && (
        <Diff lines={diff(before.slice(0, MOST), after.slice(0, MOST))} label="Changes" className="max-h-72" />
      )}
      {call.state === 'error' && <Output call={call} />}
    </>
  )
}

interface FileWords {
  icon: LucideIcon
  verb: string
  doing: string
  done: string
  what?: string
  Detail: ComponentType<{ call: Call }>
}

function view({ icon, verb, doing, done, what = 'a file', Detail }: FileWords): ToolView {
  const plain = (call: Call): [string, string] => {
    const name = what === 'a file' ? fileName(call, what) : what
    return [`${doing} ${name}`, `${done} ${name}`]
  }
  return { icon, verb, plain, target: (call) => argument(call, 'path'), prose: false, Detail, panel: 'files' }
}

export const fileViews = {
  create_file: view({ icon: FilePlus, verb: 'Create', doing: 'Writing', done: 'Wrote', Detail: Content }),
  rewrite_file: view({ icon: FilePen, verb: 'Rewrite', doing: 'Rewriting', done: 'Rewrote', Detail: Content }),
  str_replace: view({ icon: FilePen, verb: 'Edit', doing: 'Changing', done: 'Changed', Detail: Change }),
  read_file: view({ icon: FileText, verb: 'Read', doing: 'Reading', done: 'Read', Detail: Output }),
  delete_file: view({ icon: FileX, verb: 'Delete', doing: 'Deleting', done: 'Deleted', Detail: Output }),
  list_files: view({
    icon: FolderOpen,
    verb: 'List',
    doing: 'Looking through',
    done: 'Looked through',
    what: 'the files',
    Detail: Output,
  }),
}
