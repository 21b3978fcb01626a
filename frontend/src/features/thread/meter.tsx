/** Tokens, money, and how full the model's context is. */
import { NO_USAGE, addUsage } from '@/protocol/state'
import type { BudgetUse } from '@/protocol/types'
import { useModels } from '@/runtime/queries'
import { useCurrentRun, useThreadState } from '@/runtime/use-thread'
import { Button } from '@/ui/button'
import { duration, money, number, tokens } from '@/ui/format'
import { Popover } from '@/ui/popover'
import { t } from '@/words'

export function Meter() {
  const runs = useThreadState((state) => state.content.runs)
  const run = useCurrentRun()
  const { data } = useModels()
  if (run === undefined) return null
  const usage = [...runs.values()].reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE)
  const all = usage.input_tokens + usage.output_tokens
  if (all === 0) return null
  const window = data?.items.find((model) => model.id === run.model)?.context_window ?? null
  const share = window === null || run.contextTokens === 0 ? null : Math.min(1, run.contextTokens / window)
  const { budget } = run
  const rows: [string, string][] = [
    [t('thread.input'), tokens(usage.input_tokens)],
    [t('thread.ofItFromCache'), tokens(usage.cached_tokens)],
    [t('thread.output'), tokens(usage.output_tokens)],
    [t('thread.cost'), usage.cost_usd == null ? t('thread.notKnown') : money(usage.cost_usd)],
    [
      t('thread.context'),
      share === null || window === null
        ? t('thread.notKnown')
        : t('thread.usedOfLimit', { used: tokens(run.contextTokens), limit: tokens(window) }),
    ],
    [t('thread.tasks'), number(runs.size)],
  ]
  return (
    <Popover
      label={t('thread.usageOfThisThread')}
      trigger={
        <Button
          look="ghost"
          size="small"
          className="tabular-nums"
          aria-label={t('thread.tokensUsedDetails', { tokens: tokens(all) })}
        >
          {share !== null && <Ring share={share} />}
          <span className="sm:hidden">{tokens(all)}</span>
          <span className="max-sm:hidden">{t('thread.tokenCount', { tokens: tokens(all) })}</span>{' '}
          {usage.cost_usd != null && usage.cost_usd > 0 && `· ${money(usage.cost_usd)}`}
        </Button>
      }
    >
      <p className="pb-1 font-medium">{t('thread.thisThread')}</p>
      <dl className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-1 tabular-nums">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="text-right">{value}</dd>
          </div>
        ))}
      </dl>
      {budget !== null && <BudgetBars budget={budget} />}
    </Popover>
  )
}

const BUDGETED = [
  {
    name: 'cost_usd',
    get title() {
      return t('thread.cost')
    },
    show: money,
  },
  {
    name: 'tokens',
    get title() {
      return t('thread.tokens')
    },
    show: tokens,
  },
  {
    name: 'steps',
    get title() {
      return t('thread.steps')
    },
    show: number,
  },
  {
    name: 'seconds',
    get title() {
      return t('thread.time')
    },
    show: (seconds: number) => duration(seconds * 1000),
  },
] as const

/** What the task may use, and how much of it is gone. */
function BudgetBars({ budget }: { budget: BudgetUse }) {
  const limited = BUDGETED.flatMap(({ name, title, show }) => {
    const limit = budget.limit[name]
    return limit == null ? [] : [{ title, used: budget.used[name], limit, show }]
  })
  if (limited.length === 0) return null
  return (
    <>
      <p className="mt-3 border-t pt-3 pb-1 font-medium">{t('thread.thisTaskMayUse')}</p>
      <ul className="flex flex-col gap-2 tabular-nums">
        {limited.map(({ title, used, limit, show }) => (
          <li key={title}>
            <div className="flex justify-between gap-6">
              <span className="text-muted">{title}</span>
              <span>{t('thread.usedOfLimit', { used: show(used), limit: show(limit) })}</span>
            </div>
            <div className="mt-1 h-1 overflow-hidden rounded-full bg-line" aria-hidden="true">
              <div
                className={used / limit > 0.8 ? 'h-full bg-warn' : 'h-full bg-accent'}
                style={{ width: `${String(Math.min(100, (100 * used) / limit))}%` }}
              />
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}

function Ring({ share }: { share: number }) {
  const around = 2 * Math.PI * 5
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" className="-rotate-90">
      <circle cx="7" cy="7" r="5" fill="none" strokeWidth="2.2" className="stroke-line" />
      <circle
        cx="7"
        cy="7"
        r="5"
        fill="none"
        strokeWidth="2.2"
        strokeDasharray={`${String(around * share)} ${String(around)}`}
        className={share > 0.8 ? 'stroke-warn' : 'stroke-accent'}
      />
    </svg>
  )
}
