/** What was used: by day in bars, by model and agent in tables. */
import { ChartColumn } from 'lucide-react'
import { useState } from 'react'
import type { UsageSum } from '@/protocol/types'
import { everyDay } from '@/protocol/usage'
import { useUsage } from '@/runtime/usage'
import { number, tokens } from '@/ui/format'
import { Segments } from '@/ui/segments'
import { t } from '@/words'
import { Empty, Group, Loaded, Section } from './parts'
import { UsageChart, dateOf } from './usage-chart'
import type { Measure } from './usage-chart'
import { UsageTable, costOf } from './usage-table'

const PERIODS = [
  {
    value: '7',
    get title() {
      return t('settings.days', { count: 7 })
    },
  },
  {
    value: '30',
    get title() {
      return t('settings.days', { count: 30 })
    },
  },
  {
    value: '90',
    get title() {
      return t('settings.days', { count: 90 })
    },
  },
] as const
const MEASURES = [
  {
    value: 'tokens',
    get title() {
      return t('settings.tokens')
    },
  },
  {
    value: 'dollars',
    get title() {
      return t('settings.cost')
    },
  },
  {
    value: 'runs',
    get title() {
      return t('settings.runs')
    },
  },
] as const

export function Usage() {
  const [period, setPeriod] = useState<(typeof PERIODS)[number]['value']>('30')
  const [measure, setMeasure] = useState<Measure>('tokens')
  const days = Number(period)
  const byDay = useUsage(days, 'day')
  const byModel = useUsage(days, 'model')
  const byAgent = useUsage(days, 'agent')
  return (
    <Section
      title={t('settings.usage')}
      intro={t('settings.whatYourTasksUsedOn')}
      action={<Segments small legend={t('settings.period')} value={period} options={PERIODS} onChange={setPeriod} />}
    >
      <Loaded query={byDay}>
        {({ items, total, from, to }) => (
          <>
            <Figures total={total} />
            {total.runs === 0 ? (
              <Empty
                icon={ChartColumn}
                title={t('settings.nothingWasUsedInThis')}
                note={t('settings.tasksAreCountedHere')}
              />
            ) : (
              <div className="rounded-md border bg-raised p-4">
                <div className="mb-3 flex justify-end">
                  <Segments
                    small
                    legend={t('settings.show')}
                    value={measure}
                    options={MEASURES}
                    onChange={setMeasure}
                  />
                </div>
                <UsageChart days={everyDay(from, to, items)} measure={measure} />
                <details className="mt-3">
                  <summary className="cursor-pointer text-muted text-sm hover:text-fg">
                    {t('settings.theDaysAsATable')}
                  </summary>
                  <div className="mt-2">
                    <UsageTable
                      label={t('settings.byDay')}
                      of={t('settings.day')}
                      items={items.toReversed()}
                      nameOf={({ key }) => dateOf(key)}
                    />
                  </div>
                </details>
              </div>
            )}
          </>
        )}
      </Loaded>
      {byModel.data !== undefined && byModel.data.items.length > 0 && (
        <Group title={t('settings.byModel')}>
          <UsageTable
            label={t('settings.byModel')}
            of={t('settings.model')}
            items={byModel.data.items}
            nameOf={({ key }) => key}
          />
        </Group>
      )}
      {byAgent.data !== undefined && byAgent.data.items.length > 0 && (
        <Group title={t('settings.byAgent')}>
          <UsageTable
            label={t('settings.byAgent')}
            of={t('settings.agent')}
            items={byAgent.data.items}
            nameOf={({ name }) => (name === '' ? t('settings.noAgent') : name)}
          />
        </Group>
      )}
    </Section>
  )
}

function Figures({ total }: { total: UsageSum }) {
  const share = total.input_tokens === 0 ? 0 : Math.round((total.cached_tokens / total.input_tokens) * 100)
  const figures = [
    {
      title: t('settings.cost'),
      value: costOf(total),
      note: total.unpriced_runs > 0 ? t('settings.withoutUnpriced', { count: total.unpriced_runs }) : '',
    },
    { title: t('settings.runs'), value: number(total.runs), note: t('settings.stepCount', { count: total.steps }) },
    {
      title: t('settings.tokensRead'),
      value: tokens(total.input_tokens),
      note: total.input_tokens === 0 ? '' : t('settings.shareFromTheCache', { share }),
    },
    { title: t('settings.tokensWritten'), value: tokens(total.output_tokens), note: '' },
  ]
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border bg-line sm:grid-cols-4">
      {figures.map(({ title, value, note }) => (
        <div key={title} className="bg-raised px-4 py-3">
          <dt className="text-muted text-sm">{title}</dt>
          <dd className="mt-0.5 font-semibold text-lg tabular-nums">{value}</dd>
          <dd className="min-h-4 text-muted text-xs">{note}</dd>
        </div>
      ))}
    </dl>
  )
}
