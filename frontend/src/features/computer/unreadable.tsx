/** A file that cannot be shown: why, and the way to have it all the same. */
import { Download, FileX } from 'lucide-react'
import { Button } from '@/ui/button'
import { t } from '@/words'

export function Unreadable({ children, onDownload }: { children: string; onDownload: () => void }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-3 p-6 text-center">
      <FileX size={22} aria-hidden="true" className="text-muted" />
      <p role="status" className="max-w-xs text-muted">
        {children}
      </p>
      <Button onClick={onDownload}>
        <Download size={14} aria-hidden="true" />
        {t('computer.download')}
      </Button>
    </div>
  )
}

export function Waiting() {
  return (
    <p role="status" className="p-4 text-muted">
      {t('computer.opening')}
    </p>
  )
}
