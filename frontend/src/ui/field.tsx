/** A named place to write or choose in, what it is for below it. */
import { useId } from 'react'
import type { ReactNode } from 'react'
import { Alert } from './alert'

/** The look of what is written in. */
export const INPUT =
  'h-9 w-full min-w-0 rounded-sm border bg-raised px-3 placeholder:text-muted disabled:opacity-60 aria-invalid:border-err'
export const AREA =
  'block field-sizing-content min-h-20 w-full resize-y rounded-sm border bg-raised px-3 py-2 leading-relaxed placeholder:text-muted aria-invalid:border-err'

interface FieldProps {
  label: string
  note?: ReactNode
  /** What is wrong with what is in it. */
  problem?: string | undefined
  className?: string
  /** Gets what ties it to its name, its note and its problem. */
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode
}

export function Field({ label, note, problem, className, children }: FieldProps) {
  const id = useId()
  const described = [problem === undefined ? '' : `${id}-problem`, note === undefined ? '' : `${id}-note`]
    .filter((one) => one !== '')
    .join(' ')
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-medium">
        {label}
      </label>
      {children({
        id,
        ...(described !== '' && { 'aria-describedby': described }),
        ...(problem !== undefined && { 'aria-invalid': true }),
      })}
      {problem !== undefined && (
        <Alert id={`${id}-problem`} className="mt-1.5 text-sm">
          {problem}
        </Alert>
      )}
      {note !== undefined && (
        <p id={`${id}-note`} className="mt-1.5 text-muted text-sm">
          {note}
        </p>
      )}
    </div>
  )
}
