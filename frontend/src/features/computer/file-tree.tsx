/** A folder of the workspace; the folders in it are read when they are opened. */
import { ChevronRight, File as FileIcon, Folder, FolderTree, Link2 } from 'lucide-react'
import { useState } from 'react'
import type { WorkspaceFile } from '@/protocol/types'
import { explain } from '@/runtime/api'
import { useFolder } from '@/runtime/files'
import { useMayWrite } from '@/runtime/rights'
import { useFileChanges, useThreadSession } from '@/runtime/use-thread'
import { Alert } from '@/ui/alert'
import { cn } from '@/ui/cn'
import { EmptyState } from '@/ui/empty-state'
import { bytes } from '@/ui/format'
import { t } from '@/words'

interface TreeProps {
  path: string
  level: number
  onOpen: (path: string) => void
}

export function FileTree({ path, level, onOpen }: TreeProps) {
  const { threadId } = useThreadSession()
  const { data, error } = useFolder(threadId, path, useFileChanges())
  const mayWrite = useMayWrite()
  if (error !== null) {
    return <Alert className="px-2 py-1">{explain(error)}</Alert>
  }
  if (data === undefined) return null
  if (data.items.length === 0 && level > 0) return <p className="px-2 py-1 text-muted">{t('computer.empty')}</p>
  if (data.items.length === 0)
    return (
      <EmptyState
        icon={FolderTree}
        title={t('computer.theWorkspaceIsEmpty')}
        note={t(mayWrite ? 'computer.dropFilesHere' : 'computer.whatTheAgentMakes')}
      />
    )
  return (
    <ul aria-label={level === 0 ? t('computer.files') : path}>
      {data.items.map((file) => (
        <Node key={file.path} file={file} level={level} onOpen={onOpen} />
      ))}
      {data.truncated && <li className="px-2 py-1 text-muted">{t('computer.thereIsMoreThanCan')}</li>}
    </ul>
  )
}

function Node({ file, level, onOpen }: { file: WorkspaceFile; level: number; onOpen: (path: string) => void }) {
  const [open, setOpen] = useState(false)
  const folder = file.kind === 'folder'
  const Icon = folder ? Folder : file.kind === 'link' ? Link2 : FileIcon
  return (
    <li>
      <button
        type="button"
        aria-expanded={folder ? open : undefined}
        disabled={file.kind === 'other'}
        onClick={() => {
          if (folder) setOpen(!open)
          else onOpen(file.path)
        }}
        style={{ paddingLeft: 8 + level * 16 }}
        className="flex h-8 w-full items-center gap-2 rounded-sm pr-2 text-left hover:bg-hover"
      >
        <ChevronRight
          size={13}
          aria-hidden="true"
          className={cn(
            'shrink-0 text-muted transition-transform duration-100',
            open && 'rotate-90',
            !folder && 'invisible',
          )}
        />
        <Icon size={15} aria-hidden="true" className={cn('shrink-0', folder ? 'text-accent' : 'text-muted')} />
        <span className="min-w-0 flex-1 truncate">{file.path.slice(file.path.lastIndexOf('/') + 1)}</span>
        {file.kind === 'file' && (
          <span className="shrink-0 text-muted text-xs tabular-nums">{bytes(file.size_bytes)}</span>
        )}
      </button>
      {open && <FileTree path={file.path} level={level + 1} onOpen={onOpen} />}
    </li>
  )
}
