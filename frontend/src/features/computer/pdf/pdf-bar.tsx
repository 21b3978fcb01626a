/** Which page is seen, and how large. */
import { ChevronDown, ChevronUp, MoveHorizontal, ZoomIn, ZoomOut } from 'lucide-react'
import { IconButton } from '@/ui/button'

interface PdfBarProps {
  current: number
  pages: number
  percent: number
  goTo: (page: number) => void
  zoom: (direction: -1 | 0 | 1) => void
}

export function PdfBar({ current, pages, percent, goTo, zoom }: PdfBarProps) {
  return (
    <div role="group" aria-label="Pages" className="flex h-9 shrink-0 items-center gap-1 border-b px-2 tabular-nums">
      <IconButton
        label="Previous page"
        size="icon-small"
        disabled={current <= 1}
        onClick={() => {
          goTo(current - 1)
        }}
      >
        <ChevronUp size={15} />
      </IconButton>
      <IconButton
        label="Next page"
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
          aria-label="Page"
          inputMode="numeric"
          autoComplete="off"
          defaultValue={current}
          className="h-7 w-10 rounded-sm border bg-raised text-center text-fg"
        />
        of {pages}
      </form>
      <span className="flex-1" />
      <IconButton
        label="Smaller"
        keys="-"
        size="icon-small"
        onClick={() => {
          zoom(-1)
        }}
      >
        <ZoomOut size={14} />
      </IconButton>
      <span aria-label="Size" role="status" className="w-11 text-center text-muted">
        {percent} %
      </span>
      <IconButton
        label="Larger"
        keys="+"
        size="icon-small"
        onClick={() => {
          zoom(1)
        }}
      >
        <ZoomIn size={14} />
      </IconButton>
      <IconButton
        label="As wide as the panel"
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
