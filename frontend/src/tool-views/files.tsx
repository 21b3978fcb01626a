/** Files: create, read, edit, delete, list. */
import { FilePen, FilePlus, FileText, FileX, FolderOpen } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Call } from '@/protocol/state'
import { Code } from '@/ui/markdown/code'
import { Diff } from '@/ui/diff'
import { diff } from '@/ui/diff-lines'
import { t } from '@/words'
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
      {content.length > MOST && <p className="px-3 pb-2 text-muted text-xs">{t('tools.restInFile')}</p>}
    </>
  )
}

function Change({ call }: { call: Call }) {
  const [before, after] = [call.arguments.old_text, call.arguments.new_text]
  return (
    <>
      {typeof before === 'string' && typeof after === 'string' && (
        <Diff
          lines={diff(before.slice(0, MOST), after.slice(0, MOST))}
          label={t('tools.fileChanges')}
          className="max-h-72"
        />
      )}
      {call.state === 'error' && <Output call={call} />}
    </>
  )
}

type Tool = 'create_file' | 'rewrite_file' | 'str_replace' | 'read_file' | 'delete_file' | 'list_files'

function view(tool: Tool, icon: LucideIcon, Detail: ComponentType<{ call: Call }>): ToolView {
  return {
    icon,
    get verb() {
      return t(`tools.${tool}.verb`)
    },
    plain: (call) => {
      const name = fileName(call, t('tools.aFile'))
      return [t(`tools.${tool}.doing`, { name }), t(`tools.${tool}.done`, { name })]
    },
    target: (call) => argument(call, 'path'),
    prose: false,
    Detail,
    panel: 'files',
  }
}

export const fileViews = {
  create_file: view('create_file', FilePlus, Content),
  rewrite_file: view('rewrite_file', FilePen, Content),
  str_replace: view('str_replace', FilePen, Change),
  read_file: view('read_file', FileText, Output),
  delete_file: view('delete_file', FileX, Output),
  list_files: view('list_files', FolderOpen, Output),
}
