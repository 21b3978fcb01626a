/** What went wrong, and what to do. */
import type { ReactNode } from 'react'
import { cn } from './cn'

export function Alert({ className, children }: { className?: string; children: ReactNode }) {
  return (
    <p role="alert" className={cn('text-err', className)}>
      {children}
    </p>
  )
}
