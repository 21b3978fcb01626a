/** A named place to write or choose in, what it is for below it. */
import { useId } from 'react'
import type { ReactNode } from 'react'

/** The look of what is written in. */
export const INPUT =
  'h-9 w-full min-w-0 rounded-sm border bg-raised px-3 placeholder:text-muted disabled:opacity-60 aria-invalid:border-err'
export const AREA =
  'block field-sizing-content min-h-20 w-full resize-y rounded-sm border bg-raised px-3 py-2 leading-relaxed placeholder:text-muted'

interface FieldProps {
  label: string
  note?: ReactNode
  className?: string
  /** Gets the ids that tie it to its name and its note. */
  children: (ids: { id: string; 'aria-describedby'?: string }) => ReactNode
}

export function Field({ label, note, className, children }: FieldProps) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-medium">
        {label}
      </label>
      {children(note === undefined ? { id } : { id, 'aria-describedby': `${id}-note` })}
      {note !== undefined && (
        <p id={`${id}-note`} className="mt-1.5 text-muted text-sm">
          {note}
        </p>
      )}
    </div>
  )
}
