/** Files: create, read, edit, delete, list, find, pack. */
import {
  FileArchive,
  FileImage,
  FileInput,
  FilePen,
  FilePlus,
  FileSearch,
  FileText,
  FileX,
  FolderOpen,
} from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Call } from '@/protocol/state'
import { Code } from '@/ui/markdown/code'
import { Diff } from '@/ui/diff'
import { diff } from '@/ui/diff-lines'
import { t } from '@/words'
import { Output } from './detail'
import { argument, told } from './view'
import type { Told, ToolView } from './view'

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

function Patch({ call }: { call: Call }) {
  const { diff: text } = call.arguments
  return (
    <>
      {typeof text === 'string' && <Code code={text.slice(0, MOST)} language="diff" className="max-h-72" />}
      {call.state === 'error' && <Output call={call} />}
    </>
  )
}

type Detail = ComponentType<{ call: Call }>

/** A tool that is about the one file that `file` names. */
function one(tool: Told, icon: LucideIcon, Detail: Detail, file = 'path'): ToolView {
  return told(tool, icon, ['path'], { Detail, panel: 'files', file })
}

function several(tool: Told, icon: LucideIcon, of: string): ToolView {
  return told(tool, icon, [of], { Detail: Output, panel: 'files' })
}

export const fileViews = {
  create_file: one('create_file', FilePlus, Content),
  rewrite_file: one('rewrite_file', FilePen, Content),
  append_file: one('append_file', FilePlus, Content),
  str_replace: one('str_replace', FilePen, Change),
  edit_file: one('edit_file', FilePen, Patch),
  read_file: one('read_file', FileText, Output),
  see_image: one('see_image', FileImage, Output),
  move_file: one('move_file', FileInput, Output, 'target'),
  delete_file: one('delete_file', FileX, Output),
  list_files: several('list_files', FolderOpen, 'path'),
  find_files: several('find_files', FileSearch, 'pattern'),
  search_files: several('search_files', FileSearch, 'pattern'),
  zip_files: several('zip_files', FileArchive, 'target'),
  unzip_file: several('unzip_file', FileArchive, 'path'),
}
