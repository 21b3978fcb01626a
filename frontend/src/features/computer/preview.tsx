/** One file: its name, its content as far as the page can show it, and the way to have it. */
import { ArrowLeft, Download, FileX } from 'lucide-react'
import { explain } from '@/runtime/api'
import { largestPreview, readFile, useFile, useFileInfo } from '@/runtime/files'
import { useFileChanges, useThreadSession } from '@/runtime/use-thread'
import { toast } from 'sonner'
import { Alert } from '@/ui/alert'
import { IconButton } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { EmptyState } from '@/ui/empty-state'
import { bytes } from '@/ui/format'
import { t } from '@/words'
import { Content } from './preview-content'
import { Unreadable } from './unreadable'

export function Preview({ path, onBack }: { path: string; onBack: () => void }) {
  const { threadId } = useThreadSession()
  const changes = useFileChanges()
  const info = useFileInfo(threadId, path, changes)
  const small = info != null && info.kind !== 'folder' && info.size_bytes <= largestPreview(path)
  const { data, error } = useFile(threadId, path, changes, small)
  const name = path.slice(path.lastIndexOf('/') + 1)
  const download = async (): Promise<void> => {
    try {
      save(data ?? (await readFile(threadId, path)), name)
    } catch (fault) {
      toast.error(explain(fault))
    }
  }
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-10 shrink-0 items-center gap-1 border-b px-2">
        <IconButton label={t('computer.backToAllFiles')} size="icon-small" onClick={onBack}>
          <ArrowLeft size={15} />
        </IconButton>
        <h2 className="min-w-0 flex-1 truncate font-medium" title={path}>
          {name}
        </h2>
        {info != null && <span className="text-muted text-xs tabular-nums">{bytes(info.size_bytes)}</span>}
        {info != null && (
          <IconButton label={t('computer.downloadName', { name })} size="icon-small" onClick={() => void download()}>
            <Download size={14} />
          </IconButton>
        )}
      </div>
      <div className="min-h-0 flex-1 bg-bg">
        {info === null && (
          <EmptyState icon={FileX} title={t('computer.thisFileIsGone')} note={t('computer.thisFileIsNoLonger')} />
        )}
        {info != null && !small && (
          <Unreadable onDownload={() => void download()}>{t('computer.thisFileIsTooLarge')}</Unreadable>
        )}
        {error !== null && <Alert className="p-4">{explain(error)}</Alert>}
        {data !== undefined && info !== null && <Content name={name} blob={data} />}
      </div>
    </div>
  )
}
