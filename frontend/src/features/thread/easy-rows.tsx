/** What the easy look shows in the place of tool calls: the plan, and the steps in plain words. */
import { Check, CircleAlert, LoaderCircle } from 'lucide-react'
import type { EasyRow } from '@/protocol/easy'
import type { Call } from '@/protocol/state'
import { isSettled } from '@/protocol/state'
import { viewOf } from '@/tool-views'
import { Disclosure } from '@/ui/disclosure'
import { PlanBar, PlanItems, doneOf } from '@/ui/plan-list'
import { t } from '@/words'
import { useExpanded } from './expanded'

export function PlanRow({ row }: { row: Extract<EasyRow, { kind: 'plan' }> }) {
  const { items } = row.plan
  return (
    <section aria-label={t('thread.plan')} className="my-3 rounded-md border bg-raised p-4">
      <div className="flex items-center gap-3">
        <h2 className="font-medium">{t('thread.plan')}</h2>
        <PlanBar items={items} className="flex-1" />
        <span className="text-muted text-sm tabular-nums">
          {t('thread.doneOfAll', { done: doneOf(items), all: items.length })}
        </span>
      </div>
      <PlanItems items={items} />
    </section>
  )
}

export function StepsRow({ row }: { row: Extract<EasyRow, { kind: 'steps' }> }) {
  const [open, setOpen] = useExpanded(row.id)
  const { calls, live } = row
  const last = calls.at(-1)
  const failed = calls.filter(({ state }) => state === 'error').length
  if (last === undefined) return <Now text={t('thread.thinking')} />
  const doing = live && !isSettled(last.state) ? viewOf(last).plain(last)[0] : null
  return (
    <Disclosure
      open={open}
      onToggle={() => {
        setOpen(!open)
      }}
      line={
        <>
          {live ? (
            <LoaderCircle size={15} aria-hidden="true" className="shrink-0 animate-spin text-accent" />
          ) : (
            <Check size={15} aria-hidden="true" className="shrink-0 text-ok" />
          )}
          <span className="truncate">
            {doing ??
              (calls.length === 1 ? viewOf(last).plain(last)[1] : t('thread.stepCount', { count: calls.length }))}
            {doing === null && failed > 0 && t('thread.triesFailed', { count: failed })}
          </span>
        </>
      }
    >
      <ol className="mb-2 ml-[7px] border-l pl-4">
        {calls.map((call) => (
          <Step key={call.id} call={call} />
        ))}
      </ol>
    </Disclosure>
  )
}

function Now({ text }: { text: string }) {
  return (
    <p className="flex h-9 items-center gap-2.5 text-muted">
      <span className="pulse-dot size-2 rounded-full bg-accent" aria-hidden="true" />
      {text}
    </p>
  )
}

function Step({ call }: { call: Call }) {
  const { plain, Aside } = viewOf(call)
  const [doing, done] = plain(call)
  const { state } = call
  const sayings: Readonly<Record<Call['state'], string>> = {
    writing: doing,
    waiting: doing,
    running: doing,
    ok: done,
    error: t('thread.doingThatFailed', { doing }),
    stopped: t('thread.doingNotDone', { doing }),
    unknown: t('thread.doingNobodyKnowsHowIt', { doing }),
  }
  return (
    <li className="flex items-center gap-2 py-0.5 text-muted">
      <span className="min-w-0 truncate">{sayings[state]}</span>
      {Aside !== undefined && <Aside call={call} />}
      {(state === 'error' || state === 'unknown') && (
        <CircleAlert size={13} aria-hidden="true" className="shrink-0 text-warn" />
      )}
    </li>
  )
}
