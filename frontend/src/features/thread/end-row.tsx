/** How a run ended: what it delivers, what it cost, what went wrong and what to do. */
import { CircleSlash, OctagonAlert } from 'lucide-react'
import type { Call, Row, RunState } from '@/protocol/state'
import { useMayWrite } from '@/runtime/rights'
import { useIsBusy, useThreadSession } from '@/runtime/use-thread'
import { viewOf } from '@/tool-views'
import { cn } from '@/ui/cn'
import { duration, money, tokens } from '@/ui/format'
import { t } from '@/words'
import { BranchPicker } from './branch-picker'
import { Deliverable, isPicture } from './deliverable'
import { Retry } from './retry'

export function EndRow({ row }: { row: Extract<Row, { kind: 'end' }> }) {
  const { run, undone, answer, siblings } = row
  const busy = useIsBusy()
  const { readOnly } = useThreadSession()
  const mayWrite = useMayWrite()
  return (
    <div className="mt-2 mb-6">
      {run.status === 'failed' && (
        <div role="alert" className="my-2 rounded-md border border-err/40 bg-err/5 p-3">
          <p className="flex items-center gap-2 font-medium text-err">
            <OctagonAlert size={15} aria-hidden="true" />
            {run.error === null || run.error.message === '' ? t('thread.theRunFailed') : run.error.message}
          </p>
          {run.error !== null && run.error.hint !== '' && <p className="mt-1 pl-[23px]">{run.error.hint}</p>}
        </div>
      )}
      {run.status === 'stopped' && <Stopped undone={undone} />}
      {run.deliverables.length > 0 && (
        <ul aria-label={t('thread.results')} className="my-3 grid items-start gap-2 sm:grid-cols-2">
          {picturesLast(run.deliverables).map((path, place, all) => (
            <li
              key={path}
              className={cn('min-w-0', isPicture(path) && !isPicture(all[place - 1] ?? path) && 'sm:col-start-1')}
            >
              <Deliverable path={path} />
            </li>
          ))}
        </ul>
      )}
      <div className="flex flex-wrap items-center gap-x-1">
        <p className="mr-2 min-h-7 py-1 text-muted text-sm tabular-nums">{meta(run)}</p>
        {answer !== null && <BranchPicker id={answer} siblings={siblings} what="tries" />}
        {!busy && !readOnly && mayWrite && run.messageId !== null && <Retry runId={run.id} model={run.model} />}
      </div>
    </div>
  )
}

function Stopped({ undone }: { undone: readonly Call[] }) {
  return (
    <div className="my-2 rounded-md border p-3">
      <p className="flex items-center gap-2 font-medium">
        <CircleSlash size={15} className="text-warn" aria-hidden="true" />
        {undone.length === 0 ? t('thread.stoppedWhole') : t('thread.stoppedUndone', { count: undone.length })}
      </p>
      {undone.length > 0 && (
        <ul className="mt-1 pl-[23px] text-muted">
          {undone.map((call) => (
            <li key={call.id} className="truncate">
              {viewOf(call).verb} <span className="font-mono text-sm">{viewOf(call).target(call)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** Tall ones below the others: no row has a hole. */
function picturesLast(paths: readonly string[]): string[] {
  return [...paths].sort((one, other) => Number(isPicture(one)) - Number(isPicture(other)))
}

function meta(run: RunState): string {
  const parts: string[] = []
  if (run.startedAt !== null && run.endedAt !== null)
    parts.push(duration(Math.max(0, Date.parse(run.endedAt) - Date.parse(run.startedAt))))
  const all = run.usage.input_tokens + run.usage.output_tokens
  if (all > 0) parts.push(t('thread.tokenCount', { tokens: tokens(all) }))
  if (run.usage.cost_usd != null && run.usage.cost_usd > 0) parts.push(money(run.usage.cost_usd))
  if (run.model !== '') parts.push(run.model)
  return parts.join(' · ')
}
