/** A quiet line that opens what stands below it. */
import { ChevronRight } from 'lucide-react'
import { cn } from './cn'

interface Props {
  open: boolean
  onToggle: () => void
  /** What the line says, its icon first. */
  line: React.ReactNode
  children: React.ReactNode
}

export function Disclosure({ open, onToggle, line, children }: Props) {
  return (
    <div className="my-1">
      <button
        type="button"
        aria-expanded={open}
        onClick={onToggle}
        className="flex h-8 max-w-full items-center gap-2 rounded-sm pr-2 text-muted hover:text-fg"
      >
        {line}
        <ChevronRight
          size={14}
          aria-hidden="true"
          className={cn('shrink-0 transition-transform duration-100', open && 'rotate-90')}
        />
      </button>
      {open && children}
    </div>
  )
}
