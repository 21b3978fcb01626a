/** A file that cannot be shown: why, and the way to have it all the same. */
import { Download, FileX } from 'lucide-react'
import { Button } from '@/ui/button'
import { EmptyState } from '@/ui/empty-state'
import { t } from '@/words'

export function Unreadable({ children, onDownload }: { children: string; onDownload: () => void }) {
  return (
    <EmptyState icon={FileX} title={t('computer.noPreview')} note={children} role="status">
      <Button onClick={onDownload}>
        <Download size={14} aria-hidden="true" />
        {t('computer.download')}
      </Button>
    </EmptyState>
  )
}

export function Waiting() {
  return (
    <p role="status" className="p-4 text-muted">
      {t('computer.opening')}
    </p>
  )
}
