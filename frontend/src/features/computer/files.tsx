/** The workspace: its folders, and what is in a file. */
import { FolderDown, History, RefreshCw, Upload } from 'lucide-react'
import { Suspense, lazy, useRef, useState } from 'react'
import { toast } from 'sonner'
import { explain } from '@/runtime/api'
import { readArchive, uploadFile, useRefreshFiles } from '@/runtime/files'
import { usePanel } from '@/runtime/panel'
import { useMayWrite } from '@/runtime/rights'
import { useThreadSession, useThreadState } from '@/runtime/use-thread'
import { IconButton } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { cn } from '@/ui/cn'
import { t } from '@/words'
import { FileTree } from './file-tree'
import { Preview } from './preview'
import { SharedFiles } from './shared-files'

const Versions = lazy(() => import('./versions'))

export function Files() {
  const { link } = useThreadSession()
  return link === null ? <Workspace /> : <SharedFiles link={link} />
}

function Workspace() {
  const { threadId, readOnly } = useThreadSession()
  const { file, show } = usePanel()
  const refresh = useRefreshFiles(threadId)
  const picker = useRef<HTMLInputElement>(null)
  const [packing, setPacking] = useState(false)
  const [over, setOver] = useState(false)
  const [versions, setVersions] = useState(false)
  const projectId = useThreadState(({ thread }) => thread?.project_id)
  const mayWrite = useMayWrite()

  const upload = async (files: FileList | null): Promise<void> => {
    for (const one of files ?? []) {
      try {
        await uploadFile(threadId, one.name, one)
      } catch (error) {
        toast.error(`${one.name}: ${explain(error)}`)
      }
    }
    await refresh()
  }

  const download = async (): Promise<void> => {
    setPacking(true)
    try {
      save(await readArchive(threadId), 'workspace.zip')
    } catch (error) {
      toast.error(explain(error))
    } finally {
      setPacking(false)
    }
  }

  if (file !== null) {
    return (
      <Preview
        path={file}
        onBack={() => {
          show('files', null)
        }}
      />
    )
  }
  if (versions && projectId !== undefined) {
    return (
      <Suspense>
        <Versions
          projectId={projectId}
          onBack={() => {
            setVersions(false)
          }}
        />
      </Suspense>
    )
  }
  return (
    <div
      className={cn('flex h-full flex-col', over && 'bg-accent/5')}
      onDragOver={(event) => {
        if (!mayWrite) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => {
        setOver(false)
      }}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        if (mayWrite) void upload(event.dataTransfer.files)
      }}
    >
      <div className="flex h-10 shrink-0 items-center gap-1 border-b pr-3 pl-4">
        <h2 className="flex-1 font-medium">{t('computer.workspace')}</h2>
        {!readOnly && (
          <IconButton
            label={t('computer.versions.title')}
            size="icon-small"
            onClick={() => {
              setVersions(true)
            }}
          >
            <History size={14} />
          </IconButton>
        )}
        {mayWrite && (
          <IconButton label={t('computer.uploadFiles')} size="icon-small" onClick={() => picker.current?.click()}>
            <Upload size={14} />
          </IconButton>
        )}
        <IconButton
          label={t('computer.downloadAllAsAZip')}
          size="icon-small"
          disabled={packing}
          onClick={() => void download()}
        >
          <FolderDown size={14} />
        </IconButton>
        <IconButton label={t('computer.lookAgain')} size="icon-small" onClick={() => void refresh()}>
          <RefreshCw size={14} />
        </IconButton>
        <input ref={picker} type="file" multiple hidden onChange={(event) => void upload(event.target.files)} />
      </div>
      {readOnly && <p className="border-b px-4 py-2 text-muted">{t('computer.theseAreTheFilesAs')}</p>}
      <div className="min-h-0 flex-1 overflow-auto p-2">
        <FileTree
          path="."
          level={0}
          onOpen={(path) => {
            show('files', path)
          }}
        />
      </div>
    </div>
  )
}
