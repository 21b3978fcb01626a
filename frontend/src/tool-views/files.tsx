/** Files: create, read, edit, delete, list. */
import { FilePen, FilePlus, FileText, FileX, FolderOpen } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Call } from '@/protocol/state'
import { Code } from '@/ui/markdown/code'
import { Machine, Output, Section } from './detail'
import type { ToolView } from './view'
import { argument } from './view'

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
      {typeof before === 'string' && (
        <Section title="Before">
          <Machine text={before} label="Before" head />
        </Section>
      )}
      {typeof after === 'string' && (
        <Section title="After">
          <Machine text={after} label="After" head />
        </Section>
      )}
      {call.state === 'error' && <Output call={call} />}
    </>
  )
}

function view(icon: LucideIcon, verb: string, Detail: ComponentType<{ call: Call }>): ToolView {
  return { icon, verb, target: (call) => argument(call, 'path'), prose: false, Detail, panel: 'files' }
}

export const fileViews = {
  create_file: view(FilePlus, 'Create', Content),
  rewrite_file: view(FilePen, 'Rewrite', Content),
  str_replace: view(FilePen, 'Edit', Change),
  read_file: view(FileText, 'Read', Output),
  delete_file: view(FileX, 'Delete', Output),
  list_files: view(FolderOpen, 'List', Output),
}
