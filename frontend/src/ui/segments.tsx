/** One of a few: radio buttons that stand side by side. */
import { useId } from 'react'
import { cn } from './cn'

interface SegmentsProps<Value extends string> {
  legend: string
  /** Read aloud only, and as low as a line of a list. */
  small?: boolean
  /** Shows what is chosen, and lets nobody choose. */
  disabled?: boolean
  /** Null: none of them, as where several things differ. */
  value: Value | null
  options: readonly { readonly value: Value; readonly title: string }[]
  onChange: (value: Value) => void
}

export function Segments<Value extends string>({
  legend,
  small = false,
  disabled = false,
  value,
  options,
  onChange,
}: SegmentsProps<Value>) {
  const name = useId()
  return (
    <fieldset disabled={disabled}>
      <legend className={small ? 'sr-only' : 'mb-1.5 font-medium'}>{legend}</legend>
      <div className="flex rounded-sm border bg-panel p-0.5">
        {options.map((option) => (
          <label
            key={option.value}
            className={cn(
              small ? 'h-6' : 'h-7',
              disabled ? 'cursor-default' : 'cursor-pointer hover:text-fg',
              'flex flex-1 items-center justify-center whitespace-nowrap rounded-[4px] px-2 font-medium text-muted has-focus-visible:outline-2 has-focus-visible:outline-accent',
              option.value === value && 'bg-raised text-fg ring-1 ring-line',
            )}
          >
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => {
                onChange(option.value)
              }}
              className="sr-only"
            />
            {option.title}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
