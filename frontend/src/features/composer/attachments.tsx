/** The files that go with a task. */
import { FileText, X } from 'lucide-react'
import { IconButton } from '@/ui/button'
import { bytes } from '@/ui/format'
import { t } from '@/words'

export function Attachments({ files, onRemove }: { files: readonly File[]; onRemove: (file: File) => void }) {
  if (files.length === 0) return null
  return (
    <ul aria-label={t('composer.attachedFiles')} className="flex flex-wrap gap-2 px-3 pt-3">
      {files.map((file) => (
        <li key={file.name} className="flex h-8 max-w-64 items-center gap-2 rounded-sm border bg-panel pl-2">
          <FileText size={14} className="shrink-0 text-muted" aria-hidden="true" />
          <span className="truncate">{file.name}</span>
          <span className="shrink-0 text-muted text-xs">{bytes(file.size)}</span>
          <IconButton
            label={t('composer.removeName', { name: file.name })}
            size="icon-small"
            onClick={() => {
              onRemove(file)
            }}
          >
            <X size={13} />
          </IconButton>
        </li>
      ))}
    </ul>
  )
}
