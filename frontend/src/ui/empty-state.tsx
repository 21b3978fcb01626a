/** Where there is nothing: why, or what will be here. */
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from './cn'

interface EmptyStateProps {
  icon: LucideIcon
  title: string
  note?: ReactNode
  /** `status` where it takes the place of what somebody waits for. */
  role?: 'status'
  className?: string
  /** What can be done about it. */
  children?: ReactNode
}

/** As high as there is room. */
export function EmptyState({ icon: Icon, title, note, role, className, children }: EmptyStateProps) {
  return (
    <div
      className={cn(
        'flex h-full flex-col items-center justify-center gap-3 p-6 text-center font-sans text-ui leading-normal',
        className,
      )}
    >
      <span className="flex size-10 shrink-0 items-center justify-center rounded-md border bg-raised text-muted">
        <Icon size={18} aria-hidden="true" />
      </span>
      <div role={role} className="max-w-72 text-balance">
        <p className="font-medium">{title}</p>
        {note !== undefined && <p className="mt-1 text-muted">{note}</p>}
      </div>
      {children}
    </div>
  )
}
