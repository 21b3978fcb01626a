/** The plan, and every step so far in plain words. */
import { ListTodo } from 'lucide-react'
import { badEndingOf } from '@/protocol/ending'
import type { Call } from '@/protocol/state'
import { runsInOrder } from '@/protocol/state'
import type { Plan } from '@/protocol/types'
import { useCurrentRun, useThreadState } from '@/runtime/use-thread'
import { viewOf } from '@/tool-views'
import { EndingText } from '@/tool-views/bad-ending'
import { cn } from '@/ui/cn'
import { EmptyState } from '@/ui/empty-state'
import { duration } from '@/ui/format'
import { PlanBar, PlanItems, doneOf } from '@/ui/plan-list'
import { t } from '@/words'

export function Progress() {
  const runs = useThreadState((state) => state.content.runs)
  const calls = useThreadState((state) => state.content.calls)
  const current = useCurrentRun()
  const plan = current?.plan ?? runsInOrder({ runs }).findLast((run) => run.plan !== null)?.plan ?? null
  const steps = [...calls.values()].filter(
    (call) => call.runId === current?.id && !['update_plan', 'complete'].includes(call.name),
  )
  if (plan === null && steps.length === 0)
    return <EmptyState icon={ListTodo} title={t('computer.noStepsYet')} note={t('computer.thePlanAndTheSteps')} />
  return (
    <div className="p-4">
      {plan !== null && <PlanList plan={plan} />}
      {steps.length > 0 && (
        <>
          <h2 className="mt-5 mb-1 font-medium">{t('computer.steps')}</h2>
          <ol className="border-l pl-4">
            {steps.map((call) => (
              <Step key={call.id} call={call} />
            ))}
          </ol>
        </>
      )}
    </div>
  )
}

function PlanList({ plan }: { plan: Plan }) {
  return (
    <section aria-label={t('computer.plan')}>
      <div className="flex items-baseline justify-between">
        <h2 className="font-medium">{t('computer.plan')}</h2>
        <span className="text-muted text-sm tabular-nums">
          {t('computer.doneOfAll', { done: doneOf(plan.items), all: plan.items.length })}
        </span>
      </div>
      <PlanBar items={plan.items} className="mt-2" />
      <PlanItems items={plan.items} />
    </section>
  )
}

function Step({ call }: { call: Call }) {
  const { verb, target } = viewOf(call)
  const ending = badEndingOf(call)
  const bad = ending !== null || call.state === 'unknown' || call.state === 'stopped'
  return (
    <li className="relative flex items-baseline gap-2 py-1">
      <span
        aria-hidden="true"
        className={cn(
          'absolute top-[11px] -left-[20px] size-[7px] rounded-full',
          bad ? 'bg-warn' : call.state === 'ok' ? 'bg-ok' : call.state === 'error' ? 'bg-err' : 'pulse-dot bg-accent',
        )}
      />
      <span className="shrink-0">{verb}</span>
      <span className="min-w-0 flex-1 truncate font-mono text-muted text-sm">{target(call)}</span>
      {ending !== null && (
        <span className="shrink-0 text-warn text-xs tabular-nums">
          <EndingText ending={ending} />
        </span>
      )}
      <span className={cn('shrink-0 text-muted text-xs tabular-nums', call.state === 'error' && 'text-err')}>
        {call.state === 'error'
          ? t('computer.failed')
          : call.durationMs !== null && call.durationMs >= 1
            ? duration(call.durationMs)
            : ''}
      </span>
    </li>
  )
}
