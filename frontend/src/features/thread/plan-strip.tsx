/** How far the plan of the present task is, in one line above the composer; the panel shows all of it. */
import { ListTodo } from 'lucide-react'
import { hasEnded } from '@/protocol/types'
import { usePanel } from '@/runtime/panel'
import { useCurrentRun } from '@/runtime/use-thread'
import { PlanBar, doneOf } from '@/ui/plan-list'
import { t } from '@/words'

export function PlanStrip() {
  const run = useCurrentRun()
  const { open, tab, show } = usePanel()
  const items = run?.plan?.items ?? []
  if (run === undefined || hasEnded(run.status) || items.length === 0 || (open && tab === 'progress')) return null
  const active = items.find(({ status }) => status === 'active')
  return (
    <div className="mx-3 rounded-t-md border border-b-0 bg-panel">
      <button
        type="button"
        onClick={() => {
          show('progress')
        }}
        className="flex h-9 w-full items-center gap-2.5 rounded-t-md px-3 text-left hover:bg-hover"
      >
        <ListTodo size={14} aria-hidden="true" className="shrink-0 text-muted" />
        <span className="min-w-0 flex-1 truncate">{active?.text ?? t('thread.plan')}</span>
        <span className="text-muted text-sm tabular-nums">
          {t('thread.doneOfAll', { done: doneOf(items), all: items.length })}
        </span>
      </button>
      <PlanBar items={items} className="mx-3 mb-2" />
    </div>
  )
}
