/** What was used: by day in bars, by model and agent in tables. */
import { useState } from 'react'
import type { UsageSum } from '@/protocol/types'
import { everyDay } from '@/protocol/usage'
import { useUsage } from '@/runtime/usage'
import { plural, tokens } from '@/ui/format'
import { Segments } from '@/ui/segments'
import { Empty, Group, Loaded, Section } from './parts'
import { UsageChart, dateOf } from './usage-chart'
import type { Measure } from './usage-chart'
import { UsageTable, costOf } from './usage-table'

const PERIODS = [
  { value: '7', title: '7 days' },
  { value: '30', title: '30 days' },
  { value: '90', title: '90 days' },
] as const
const MEASURES = [
  { value: 'tokens', title: 'Tokens' },
  { value: 'dollars', title: 'Cost' },
  { value: 'runs', title: 'Runs' },
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
      title="Usage"
      intro="What your tasks used, on the day each was begun. Those of deleted threads do not count any more."
      action={<Segments small legend="Period" value={period} options={PERIODS} onChange={setPeriod} />}
    >
      <Loaded query={byDay}>
        {({ items, total, from, to }) => (
          <>
            <Figures total={total} />
            {total.runs === 0 ? (
              <Empty>Nothing was used in this period.</Empty>
            ) : (
              <div className="rounded-md border bg-raised p-4">
                <div className="mb-3 flex justify-end">
                  <Segments small legend="Show" value={measure} options={MEASURES} onChange={setMeasure} />
                </div>
                <UsageChart days={everyDay(from, to, items)} measure={measure} />
                <details className="mt-3">
                  <summary className="cursor-pointer text-muted text-sm hover:text-fg">The days as a table</summary>
                  <div className="mt-2">
                    <UsageTable of="Day" items={items.toReversed()} nameOf={({ key }) => dateOf(key)} />
                  </div>
                </details>
              </div>
            )}
          </>
        )}
      </Loaded>
      {byModel.data !== undefined && byModel.data.items.length > 0 && (
        <Group title="By model">
          <UsageTable of="Model" items={byModel.data.items} nameOf={({ key }) => key} />
        </Group>
      )}
      {byAgent.data !== undefined && byAgent.data.items.length > 0 && (
        <Group title="By agent">
          <UsageTable of="Agent" items={byAgent.data.items} nameOf={({ name }) => (name === '' ? 'No agent' : name)} />
        </Group>
      )}
    </Section>
  )
}

function Figures({ total }: { total: UsageSum }) {
  const share = total.input_tokens === 0 ? 0 : Math.round((total.cached_tokens / total.input_tokens) * 100)
  const figures = [
    {
      title: 'Cost',
      value: costOf(total),
      note: total.unpriced_runs > 0 ? `without ${plural(total.unpriced_runs, 'run')} of no known price` : '',
    },
    { title: 'Runs', value: String(total.runs), note: plural(total.steps, 'step') },
    { title: 'Tokens read', value: tokens(total.input_tokens), note: `${String(share)}% from the cache` },
    { title: 'Tokens written', value: tokens(total.output_tokens), note: '' },
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
