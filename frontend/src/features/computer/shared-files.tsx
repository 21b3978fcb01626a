/** The files of a shared thread: those that were delivered up to the moment it shows. */
import { ArrowLeft, Download, FileText, PackageCheck } from 'lucide-react'
import { useMemo } from 'react'
import { runsInOrder } from '@/protocol/state'
import { explain } from '@/runtime/api'
import { usePanel } from '@/runtime/panel'
import { useSharedFile } from '@/runtime/shared'
import { useThreadState } from '@/runtime/use-thread'
import { Alert } from '@/ui/alert'
import { IconButton } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { EmptyState } from '@/ui/empty-state'
import { t } from '@/words'
import { Content } from './preview-content'

export function SharedFiles({ link }: { link: string }) {
  const runs = useThreadState((state) => state.content.runs)
  const { file, show } = usePanel()
  const paths = useMemo(() => [...new Set(runsInOrder({ runs }).flatMap((run) => run.deliverables))], [runs])
  if (file !== null && paths.includes(file))
    return (
      <SharedPreview
        link={link}
        path={file}
        onBack={() => {
          show('files', null)
        }}
      />
    )
  if (paths.length === 0)
    return (
      <EmptyState
        icon={PackageCheck}
        title={t('computer.nothingDeliveredYet')}
        note={t('computer.theFilesThatTheAgent')}
      />
    )
  return (
    <ul aria-label={t('computer.deliveredFiles')} className="p-2">
      {paths.map((path) => (
        <li key={path}>
          <button
            type="button"
            onClick={() => {
              show('files', path)
            }}
            className="flex h-8 w-full items-center gap-2 rounded-sm px-2 text-left hover:bg-hover"
          >
            <FileText size={15} aria-hidden="true" className="shrink-0 text-muted" />
            <span className="min-w-0 truncate">{path}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function SharedPreview({ link, path, onBack }: { link: string; path: string; onBack: () => void }) {
  const { data, error } = useSharedFile(link, path)
  const name = path.slice(path.lastIndexOf('/') + 1)
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-10 shrink-0 items-center gap-1 border-b px-2">
        <IconButton label={t('computer.backToAllFiles')} size="icon-small" onClick={onBack}>
          <ArrowLeft size={15} />
        </IconButton>
        <h2 className="min-w-0 flex-1 truncate font-medium" title={path}>
          {name}
        </h2>
        {data !== undefined && (
          <IconButton
            label={t('computer.downloadName', { name })}
            size="icon-small"
            onClick={() => {
              save(data, name)
            }}
          >
            <Download size={14} />
          </IconButton>
        )}
      </div>
      <div className="min-h-0 flex-1 bg-bg">
        {error !== null && <Alert className="p-4">{explain(error)}</Alert>}
        {data !== undefined && <Content name={name} blob={data} />}
      </div>
    </div>
  )
}
