/** What went wrong, and what to do. */
import type { ReactNode } from 'react'
import { cn } from './cn'

interface AlertProps {
  id?: string
  className?: string
  children: ReactNode
}

export function Alert({ id, className, children }: AlertProps) {
  return (
    <p id={id} role="alert" className={cn('text-err', className)}>
      {children}
    </p>
  )
}
