/** Which page is seen, and how large. */
import { ChevronDown, ChevronUp, MoveHorizontal, ZoomIn, ZoomOut } from 'lucide-react'
import { IconButton } from '@/ui/button'
import { t } from '@/words'

interface PdfBarProps {
  current: number
  pages: number
  percent: number
  goTo: (page: number) => void
  zoom: (direction: -1 | 0 | 1) => void
}

export function PdfBar({ current, pages, percent, goTo, zoom }: PdfBarProps) {
  return (
    <div
      role="group"
      aria-label={t('computer.pages')}
      className="flex h-9 shrink-0 items-center gap-1 border-b px-2 tabular-nums"
    >
      <IconButton
        label={t('computer.previousPage')}
        size="icon-small"
        disabled={current <= 1}
        onClick={() => {
          goTo(current - 1)
        }}
      >
        <ChevronUp size={15} />
      </IconButton>
      <IconButton
        label={t('computer.nextPage')}
        size="icon-small"
        disabled={current >= pages}
        onClick={() => {
          goTo(current + 1)
        }}
      >
        <ChevronDown size={15} />
      </IconButton>
      <form
        key={current}
        onSubmit={(event) => {
          event.preventDefault()
          goTo(Number(new FormData(event.currentTarget).get('page')))
        }}
        className="flex items-center gap-1.5 text-muted"
      >
        <input
          name="page"
          aria-label={t('computer.page')}
          inputMode="numeric"
          autoComplete="off"
          defaultValue={current}
          className="h-7 w-10 rounded-sm border bg-raised text-center text-fg"
        />
        {t('computer.ofPages', { pages })}
      </form>
      <span className="flex-1" />
      <IconButton
        label={t('computer.smaller')}
        keys="-"
        size="icon-small"
        onClick={() => {
          zoom(-1)
        }}
      >
        <ZoomOut size={14} />
      </IconButton>
      <span aria-label={t('computer.size')} role="status" className="w-11 text-center text-muted">
        {t('computer.percent', { percent })}
      </span>
      <IconButton
        label={t('computer.larger')}
        keys="+"
        size="icon-small"
        onClick={() => {
          zoom(1)
        }}
      >
        <ZoomIn size={14} />
      </IconButton>
      <IconButton
        label={t('computer.asWideAsThePanel')}
        keys="0"
        size="icon-small"
        onClick={() => {
          zoom(0)
        }}
      >
        <MoveHorizontal size={14} />
      </IconButton>
    </div>
  )
}
