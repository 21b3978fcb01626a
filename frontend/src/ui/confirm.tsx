/** A button for what cannot be taken back: it asks once more, in its own place. */
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Button } from './button'
import { t } from '@/words'

interface ConfirmProps {
  /** What it does to what, read aloud. */
  label: string
  /** The word on the button that does it. */
  verb: string
  busy?: boolean
  look?: 'danger' | 'plain'
  /** The word on the button that leaves all as it is. */
  leave?: string
  onConfirm: () => void
  children: ReactNode
}

export function Confirm({ label, verb, busy = false, look = 'danger', leave, onConfirm, children }: ConfirmProps) {
  const [asking, setAsking] = useState(false)
  if (!asking) {
    return (
      <Button
        look={look}
        size="small"
        aria-label={label}
        disabled={busy}
        onClick={() => {
          setAsking(true)
        }}
      >
        {children}
      </Button>
    )
  }
  return (
    <span
      role="group"
      aria-label={`${label}?`}
      className="flex shrink-0 gap-1.5"
      onKeyDown={(event) => {
        if (event.key === 'Escape') setAsking(false)
      }}
    >
      <Button
        autoFocus
        size="small"
        look={look === 'danger' ? 'plain' : 'primary'}
        className={look === 'danger' ? 'border border-err bg-err text-bg hover:bg-err/90' : ''}
        disabled={busy}
        onClick={() => {
          setAsking(false)
          onConfirm()
        }}
      >
        {verb}
      </Button>
      <Button
        size="small"
        disabled={busy}
        onClick={() => {
          setAsking(false)
        }}
      >
        {leave ?? t('ui.keep')}
      </Button>
    </span>
  )
}
