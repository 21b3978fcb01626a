/** Which of several messages in the same place is shown: 2 of 3. */
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { toast } from 'sonner'
import { explain } from '@/runtime/api'
import { useIsBusy, useThreadSession } from '@/runtime/use-thread'
import { IconButton } from '@/ui/button'
import { t } from '@/words'

const WORDS = {
  tries: { all: 'thread.tries', previous: 'thread.previousTry', next: 'thread.nextTry' },
  versions: { all: 'thread.versions', previous: 'thread.previousVersion', next: 'thread.nextVersion' },
} as const

interface PickerProps {
  /** The message that is shown. */
  id: string
  siblings: readonly string[]
  /** What there are several of. */
  what: keyof typeof WORDS
}

// The row of the branch that was chosen is another one; the focus goes over to it.
let focusNext: { readonly id: string; readonly step: number } | null = null

export function BranchPicker({ id, siblings, what }: PickerProps) {
  const session = useThreadSession()
  const busy = useIsBusy()
  const [going, setGoing] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const place = siblings.indexOf(id)
  const words = WORDS[what]

  useEffect(() => {
    if (focusNext?.id !== id) return
    const buttons = root.current?.querySelectorAll<HTMLElement>('button') ?? []
    const [back, on] = buttons
    const wanted = focusNext.step < 0 ? back : on
    const other = focusNext.step < 0 ? on : back
    ;(wanted?.matches(':disabled') === true ? other : wanted)?.focus()
    focusNext = null
  }, [id])

  if (siblings.length < 2 || place < 0) return null
  const go = async (step: number): Promise<void> => {
    const next = siblings[place + step]
    if (next === undefined || going) return
    setGoing(true)
    focusNext = { id: next, step }
    try {
      await session.choose(next)
    } catch (error) {
      focusNext = null
      toast.error(explain(error))
    } finally {
      setGoing(false)
    }
  }
  return (
    <div
      ref={root}
      role="group"
      aria-label={t(words.all)}
      className="flex items-center text-muted text-sm tabular-nums"
    >
      <IconButton
        label={t(words.previous)}
        size="icon-small"
        disabled={busy || place === 0}
        onClick={() => void go(-1)}
      >
        <ChevronLeft size={14} />
      </IconButton>
      <span>
        {place + 1}
        <span aria-hidden="true">/</span>
        <span className="sr-only"> {t('thread.of')} </span>
        {siblings.length}
      </span>
      <IconButton
        label={t(words.next)}
        size="icon-small"
        disabled={busy || place === siblings.length - 1}
        onClick={() => void go(1)}
      >
        <ChevronRight size={14} />
      </IconButton>
    </div>
  )
}
