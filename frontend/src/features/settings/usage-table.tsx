/** Sums as lines: what they are of, and what it took. */
import type { UsageItem } from '@/protocol/types'
import { money, tokens } from '@/ui/format'
import { t } from '@/words'

interface UsageTableProps {
  /** What the lines are of, such as `Model`. */
  of: string
  label: string
  items: readonly UsageItem[]
  nameOf: (item: UsageItem) => string
}

const NUMBER = 'whitespace-nowrap px-2 py-2 text-right tabular-nums'

export function UsageTable({ of, label, items, nameOf }: UsageTableProps) {
  return (
    <div className="overflow-x-auto rounded-md border bg-raised" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full border-collapse">
        <thead className="text-muted text-sm">
          <tr className="border-b">
            <th scope="col" className="px-4 py-2 text-left font-normal">
              {of}
            </th>
            {[
              t('settings.runs'),
              t('settings.steps'),
              t('settings.input'),
              t('settings.cached'),
              t('settings.output'),
              t('settings.cost'),
            ].map((title) => (
              <th key={title} scope="col" className={`${NUMBER} font-normal last:pr-4`}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.key} className="border-b last:border-b-0">
              <th scope="row" className="max-w-64 truncate px-4 py-2 text-left font-medium">
                {nameOf(item)}
              </th>
              <td className={NUMBER}>{item.runs}</td>
              <td className={NUMBER}>{item.steps}</td>
              <td className={NUMBER}>{tokens(item.input_tokens)}</td>
              <td className={NUMBER}>{tokens(item.cached_tokens)}</td>
              <td className={NUMBER}>{tokens(item.output_tokens)}</td>
              <td className={`${NUMBER} pr-4`}>{costOf(item)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** What is known of the cost. */
export function costOf(sum: { cost_usd: number | null; unpriced_runs: number }): string {
  return sum.cost_usd == null ? (sum.unpriced_runs > 0 ? t('settings.notKnown') : '–') : money(sum.cost_usd)
}
