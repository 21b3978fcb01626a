/** A file that a run delivers: a picture shows itself, others show their name and size. */
import { Download, FileText } from 'lucide-react'
import { toast } from 'sonner'
import { explain } from '@/runtime/api'
import { LARGEST_PREVIEW, readFile, useFile, useFileInfo } from '@/runtime/files'
import { usePanel } from '@/runtime/panel'
import { useFileChanges, useThreadSession } from '@/runtime/use-thread'
import { IconButton } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { bytes } from '@/ui/format'
import { useObjectUrl } from '@/ui/object-url'

const PICTURE = /\.(png|jpe?g|gif|webp|avif)$/i

export function Deliverable({ path }: { path: string }) {
  const { threadId } = useThreadSession()
  const changes = useFileChanges()
  const info = useFileInfo(threadId, path, changes)
  const show = usePanel((state) => state.show)
  const name = path.split('/').at(-1) ?? path
  const small = info != null && info.size_bytes <= LARGEST_PREVIEW
  const download = async (): Promise<void> => {
    try {
      save(await readFile(threadId, path), name)
    } catch (error) {
      toast.error(explain(error))
    }
  }
  return (
    <div className="overflow-hidden rounded-md border bg-raised">
      {PICTURE.test(path) && small && <Picture threadId={threadId} path={path} changes={changes} />}
      <div className="flex items-center gap-1 p-1.5">
        <button
          type="button"
          onClick={() => {
            show('files', path)
          }}
          className="flex h-9 min-w-0 flex-1 items-center gap-2.5 rounded-sm px-2 text-left hover:bg-hover"
        >
          <FileText size={16} className="shrink-0 text-accent" aria-hidden="true" />
          <span className="min-w-0">
            <span className="block truncate font-medium leading-tight">{name}</span>
            <span className="block text-muted text-xs">
              {info === null
                ? 'no longer there'
                : info === undefined
                  ? ' '
                  : info.kind === 'folder'
                    ? 'folder'
                    : bytes(info.size_bytes)}
            </span>
          </span>
        </button>
        {info?.kind === 'file' && (
          <IconButton label={`Download ${name}`} onClick={() => void download()}>
            <Download size={15} />
          </IconButton>
        )}
      </div>
    </div>
  )
}

function Picture({ threadId, path, changes }: { threadId: string; path: string; changes: number }) {
  const { data } = useFile(threadId, path, changes)
  const url = useObjectUrl(data)
  return (
    <div className="flex h-44 items-center justify-center border-b bg-white">
      {url !== null && <img src={url} alt={path} className="max-h-full max-w-full object-contain" />}
    </div>
  )
}
