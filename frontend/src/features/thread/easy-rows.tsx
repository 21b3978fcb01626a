/** What the easy look shows in the place of tool calls: the plan, and the steps in plain words. */
import { Check, CircleAlert, Hourglass, LoaderCircle } from 'lucide-react'
import type { EasyRow } from '@/protocol/easy'
import { badEndingOf } from '@/protocol/ending'
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
  // What waits although nothing goes on needs a person's leave.
  const waiting = live ? 0 : calls.filter(({ state }) => state === 'waiting').length
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
          ) : waiting > 0 ? (
            <Hourglass size={15} aria-hidden="true" className="shrink-0 text-warn" />
          ) : !calls.some(wentWell) ? (
            <CircleAlert size={15} aria-hidden="true" className="shrink-0 text-warn" />
          ) : (
            <Check size={15} aria-hidden="true" className="shrink-0 text-ok" />
          )}
          <span className="truncate">
            {doing ??
              (waiting > 0
                ? t('thread.stepsWait', { count: waiting })
                : calls.length === 1
                  ? told(last, live)
                  : t('thread.stepCount', { count: calls.length }))}
            {doing === null && calls.length > 1 && failed > 0 && t('thread.triesFailed', { count: failed })}
          </span>
        </>
      }
    >
      <ol className="mb-2 ml-[7px] border-l pl-4">
        {calls.map((call) => (
          <Step key={call.id} call={call} live={live} />
        ))}
      </ol>
    </Disclosure>
  )
}

function wentWell(call: Call): boolean {
  return call.state === 'ok' && badEndingOf(call) === null
}

function Now({ text }: { text: string }) {
  return (
    <p className="flex h-9 items-center gap-2.5 text-muted">
      <span className="pulse-dot size-2 rounded-full bg-accent" aria-hidden="true" />
      {text}
    </p>
  )
}

/** A call in plain words, by how it stands. `live`: whether the agent is at work. */
function told(call: Call, live: boolean): string {
  const [doing, done] = viewOf(call).plain(call)
  switch (call.state) {
    case 'writing':
    case 'running':
      return doing
    case 'waiting':
      return live ? doing : t('thread.doingWaits', { doing })
    case 'ok':
      return done
    case 'error':
      return t('thread.doingThatFailed', { doing })
    case 'stopped':
      return t('thread.doingNotDone', { doing })
    case 'unknown':
      return t('thread.doingNobodyKnowsHowIt', { doing })
  }
}

function Step({ call, live }: { call: Call; live: boolean }) {
  const { Aside } = viewOf(call)
  const { state } = call
  return (
    <li className="flex items-center gap-2 py-0.5 text-muted">
      <span className="min-w-0 truncate">{told(call, live)}</span>
      {Aside !== undefined && <Aside call={call} />}
      {(state === 'error' || state === 'unknown' || (state === 'ok' && !wentWell(call))) && (
        <CircleAlert size={13} aria-hidden="true" className="shrink-0 text-warn" />
      )}
    </li>
  )
}
