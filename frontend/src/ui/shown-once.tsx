/** What was just made and is not shown again: to be copied now. */
import type { ReactNode } from 'react'
import { CopyButton } from './clipboard'
import { cn } from './cn'
import { Field, INPUT } from './field'

interface ShownOnceProps {
  /** What to do with it now. */
  label: string
  value: string
  /** What the button beside it copies. */
  copy: string
  className?: string
  children?: ReactNode
}

export function ShownOnce({ label, value, copy, className, children }: ShownOnceProps) {
  return (
    <div role="status" className={cn('appear rounded-md border border-accent/50 bg-accent/5 p-4', className)}>
      <Field label={label}>
        {(ids) => (
          <div className="flex items-center gap-1">
            <input
              {...ids}
              readOnly
              value={value}
              onFocus={({ target }) => {
                target.select()
              }}
              className={`${INPUT} flex-1 font-mono text-sm`}
            />
            <CopyButton text={() => value} label={copy} />
          </div>
        )}
      </Field>
      {children}
    </div>
  )
}
