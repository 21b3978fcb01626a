/** The plan, and every step so far in plain words. */
import { Check, Circle, CircleDot, Minus } from 'lucide-react'
import type { Call } from '@/protocol/state'
import { runsInOrder } from '@/protocol/state'
import type { Plan, PlanItem } from '@/protocol/types'
import { useCurrentRun, useThreadState } from '@/runtime/use-thread'
import { viewOf } from '@/tool-views'
import { cn } from '@/ui/cn'
import { duration } from '@/ui/format'

export function Progress() {
  const runs = useThreadState((state) => state.content.runs)
  const calls = useThreadState((state) => state.content.calls)
  const current = useCurrentRun()
  const plan = current?.plan ?? runsInOrder({ runs }).findLast((run) => run.plan !== null)?.plan ?? null
  const steps = [...calls.values()].filter(
    (call) => call.runId === current?.id && !['update_plan', 'complete'].includes(call.name),
  )
  if (plan === null && steps.length === 0)
    return <p className="p-4 text-muted">The plan and the steps of a task stand here while it is worked on.</p>
  return (
    <div className="p-4">
      {plan !== null && <PlanList plan={plan} />}
      {steps.length > 0 && (
        <>
          <h2 className="mt-5 mb-1 font-medium">Steps</h2>
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
  const done = plan.items.filter((item) => item.status === 'done' || item.status === 'skipped').length
  return (
    <section aria-label="Plan">
      <div className="flex items-baseline justify-between">
        <h2 className="font-medium">Plan</h2>
        <span className="text-muted text-sm tabular-nums">
          {done} of {plan.items.length}
        </span>
      </div>
      <div
        role="progressbar"
        aria-label="Plan"
        aria-valuenow={done}
        aria-valuemin={0}
        aria-valuemax={plan.items.length}
        className="mt-2 h-1 overflow-hidden rounded-full bg-line"
      >
        <div
          className="h-full bg-accent transition-[width] duration-150"
          style={{ width: `${String((100 * done) / Math.max(1, plan.items.length))}%` }}
        />
      </div>
      <ol className="mt-2">
        {plan.items.map((item, place) => (
          <li
            key={place}
            className={cn(
              'flex gap-2 py-1',
              item.status === 'active' && 'font-medium',
              (item.status === 'done' || item.status === 'skipped') && 'text-muted',
            )}
          >
            <Mark status={item.status} />
            <span className={cn('min-w-0', item.status === 'skipped' && 'line-through')}>{item.text}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

const WORDS: Readonly<Record<PlanItem['status'], string>> = {
  done: 'done',
  active: 'going on',
  skipped: 'skipped',
  pending: 'to do',
}

function Mark({ status }: { status: PlanItem['status'] }) {
  const Icon = status === 'done' ? Check : status === 'active' ? CircleDot : status === 'skipped' ? Minus : Circle
  return (
    <Icon
      size={15}
      aria-label={WORDS[status]}
      className={cn(
        'mt-0.5 shrink-0',
        status === 'done' ? 'text-ok' : status === 'active' ? 'text-accent' : 'text-muted',
      )}
    />
  )
}

function Step({ call }: { call: Call }) {
  const { verb, target } = viewOf(call)
  const bad = call.state === 'error' || call.state === 'unknown' || call.state === 'stopped'
  return (
    <li className="relative flex items-baseline gap-2 py-1">
      <span
        aria-hidden="true"
        className={cn(
          'absolute top-[11px] -left-[20px] size-[7px] rounded-full',
          call.state === 'ok' ? 'bg-ok' : call.state === 'error' ? 'bg-err' : bad ? 'bg-warn' : 'pulse-dot bg-accent',
        )}
      />
      <span className="shrink-0">{verb}</span>
      <span className="min-w-0 flex-1 truncate font-mono text-muted text-sm">{target(call)}</span>
      <span className={cn('shrink-0 text-muted text-xs tabular-nums', call.state === 'error' && 'text-err')}>
        {call.state === 'error'
          ? 'failed'
          : call.durationMs !== null && call.durationMs >= 1
            ? duration(call.durationMs)
            : ''}
      </span>
    </li>
  )
}
