/** The steps of a plan with their marks, and how far it is. */
import { Check, Circle, CircleDot, Minus } from 'lucide-react'
import { cn } from './cn'
import { t } from '@/words'

interface Item {
  readonly text: string
  readonly status: 'pending' | 'active' | 'done' | 'skipped'
}

const WORDS = {
  done: 'ui.done',
  active: 'ui.goingOn',
  skipped: 'ui.skipped',
  pending: 'ui.toDo',
} as const

/** How many steps need nothing more. */
export function doneOf(items: readonly Item[]): number {
  return items.filter(({ status }) => status === 'done' || status === 'skipped').length
}

export function PlanBar({ items, className }: { items: readonly Item[]; className?: string }) {
  const done = doneOf(items)
  return (
    <div
      role="progressbar"
      aria-label={t('ui.plan')}
      aria-valuenow={done}
      aria-valuemin={0}
      aria-valuemax={items.length}
      className={cn('h-1 overflow-hidden rounded-full bg-line', className)}
    >
      <div
        className="h-full bg-accent transition-[width] duration-150"
        style={{ width: `${String((100 * done) / Math.max(1, items.length))}%` }}
      />
    </div>
  )
}

export function PlanItems({ items }: { items: readonly Item[] }) {
  return (
    <ol className="mt-2">
      {items.map((item, place) => (
        <li
          key={place}
          className={cn(
            'flex gap-2 py-1',
            item.status === 'active' && 'font-medium',
            (item.status === 'done' || item.status === 'skipped') && 'text-muted',
          )}
        >
          <Mark status={item.status} />
          <span className={cn('min-w-0 [overflow-wrap:anywhere]', item.status === 'skipped' && 'line-through')}>
            {item.text}
          </span>
        </li>
      ))}
    </ol>
  )
}

function Mark({ status }: { status: Item['status'] }) {
  const Icon = status === 'done' ? Check : status === 'active' ? CircleDot : status === 'skipped' ? Minus : Circle
  return (
    <Icon
      size={15}
      aria-label={t(WORDS[status])}
      className={cn(
        'mt-0.5 shrink-0',
        status === 'done' ? 'text-ok' : status === 'active' ? 'text-accent' : 'text-muted',
      )}
    />
  )
}
