/** A file that a run delivers: a picture shows itself, others show their name and size. */
import { Download, FileText, Image } from 'lucide-react'
import { toast } from 'sonner'
import { explain } from '@/runtime/api'
import { largestPreview, readFile, useFile, useFileInfo } from '@/runtime/files'
import { readSharedFile, useSharedFile } from '@/runtime/shared'
import { usePanel } from '@/runtime/panel'
import { useFileChanges, useThreadSession } from '@/runtime/use-thread'
import { IconButton } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { bytes } from '@/ui/format'
import { useObjectUrl } from '@/ui/object-url'
import { t } from '@/words'

const PICTURE = /\.(png|jpe?g|gif|webp|avif)$/i

export function isPicture(path: string): boolean {
  return PICTURE.test(path)
}

export function Deliverable({ path }: { path: string }) {
  const { link } = useThreadSession()
  return link === null ? <OwnDeliverable path={path} /> : <SharedDeliverable path={path} link={link} />
}

function OwnDeliverable({ path }: { path: string }) {
  const { threadId } = useThreadSession()
  const changes = useFileChanges()
  const info = useFileInfo(threadId, path, changes)
  const small = info != null && info.size_bytes <= largestPreview(path)
  const { data } = useFile(threadId, path, changes, PICTURE.test(path) && small)
  const note =
    info === null
      ? t('thread.noLongerThere')
      : info === undefined
        ? ' '
        : info.kind === 'folder'
          ? t('thread.folder')
          : bytes(info.size_bytes)
  return (
    <Card
      path={path}
      note={note}
      picture={PICTURE.test(path) && small ? { data } : null}
      read={info?.kind === 'file' ? () => readFile(threadId, path) : null}
    />
  )
}

/** Its size shows when it was read, which is when somebody wants it. */
function SharedDeliverable({ path, link }: { path: string; link: string }) {
  const picture = PICTURE.test(path)
  const { data, isError } = useSharedFile(link, path, picture)
  return (
    <Card
      path={path}
      note={data === undefined ? (isError ? t('thread.noLongerShared') : t('thread.deliveredFile')) : bytes(data.size)}
      picture={picture && !isError ? { data } : null}
      read={isError ? null : () => readSharedFile(link, path)}
    />
  )
}

interface CardProps {
  path: string
  note: string
  /** Null: it is not shown as a picture. */
  picture: { data: Blob | undefined } | null
  read: (() => Promise<Blob>) | null
}

function Card({ path, note, picture, read }: CardProps) {
  const show = usePanel((state) => state.show)
  const name = path.split('/').at(-1) ?? path
  const Icon = isPicture(path) ? Image : FileText
  const download = async (content: Promise<Blob>): Promise<void> => {
    try {
      save(await content, name)
    } catch (error) {
      toast.error(explain(error))
    }
  }
  return (
    <div className="overflow-hidden rounded-md border bg-raised">
      {picture !== null && <Picture blob={picture.data} path={path} />}
      <div className="flex items-center gap-1 p-1.5">
        <button
          type="button"
          onClick={() => {
            show('files', path)
          }}
          className="flex h-9 min-w-0 flex-1 items-center gap-2.5 rounded-sm px-2 text-left hover:bg-hover"
        >
          <Icon size={16} className="shrink-0 text-accent" aria-hidden="true" />
          <span className="min-w-0">
            <span className="block truncate font-medium leading-tight">{name}</span>
            <span className="block text-muted text-xs">{note}</span>
          </span>
        </button>
        {read !== null && (
          <IconButton label={t('thread.downloadName', { name })} onClick={() => void download(read())}>
            <Download size={15} />
          </IconButton>
        )}
      </div>
    </div>
  )
}

function Picture({ blob, path }: { blob: Blob | undefined; path: string }) {
  const url = useObjectUrl(blob)
  return (
    <div className="flex h-44 items-center justify-center border-b bg-white">
      {url !== null && <img src={url} alt={path} className="max-h-full max-w-full object-contain" />}
    </div>
  )
}
