/** Bars by day, drawn here. What a bar stands for is said above them; the table below has it for whoever reads. */
import { useState } from 'react'
import type { Day } from '@/protocol/usage'
import { niceTop } from '@/protocol/usage'
import { cn } from '@/ui/cn'
import { dayOfYear, money, number, tokens } from '@/ui/format'
import { t } from '@/words'

export type Measure = 'tokens' | 'dollars' | 'runs'

const HEIGHT = 160
const SAYINGS = {
  tokens: 'settings.dateTokens',
  dollars: 'settings.dateCost',
  runs: 'settings.dateRuns',
} as const

export function dateOf(day: string): string {
  return dayOfYear(day)
}

export function shown(value: number, measure: Measure): string {
  if (measure === 'dollars') return money(value)
  return measure === 'tokens' ? tokens(Math.round(value)) : number(Math.round(value * 10) / 10)
}

export function UsageChart({ days, measure }: { days: readonly Day[]; measure: Measure }) {
  const [at, setAt] = useState<number | null>(null)
  const top = niceTop(Math.max(...days.map((day) => day[measure])))
  const first = days[0]
  const last = days.at(-1)
  const looked = at === null ? undefined : days[at]
  const step = 100 / days.length
  return (
    <figure>
      <figcaption className="mb-2 h-5 text-muted text-sm tabular-nums">
        {looked === undefined
          ? t('settings.byDayInUtc')
          : t(SAYINGS[measure], {
              date: dateOf(looked.date),
              value: shown(looked[measure], measure),
              count: looked[measure],
            })}
      </figcaption>
      <div className="flex gap-2">
        <div
          aria-hidden="true"
          className="flex w-12 shrink-0 flex-col justify-between text-right text-muted text-xs leading-none tabular-nums"
          style={{ height: HEIGHT }}
        >
          <span>{shown(top, measure)}</span>
          <span>{measure === 'runs' && top < 2 ? '' : shown(top / 2, measure)}</span>
          <span>0</span>
        </div>
        <svg
          role="img"
          aria-label={t('settings.barsByDayTheHighest', {
            value: shown(Math.max(...days.map((day) => day[measure])), measure),
          })}
          width="100%"
          height={HEIGHT}
          className="block min-w-0 flex-1"
          onPointerMove={(event) => {
            const { left, width } = event.currentTarget.getBoundingClientRect()
            setAt(Math.min(days.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * days.length))))
          }}
          onPointerLeave={() => {
            setAt(null)
          }}
        >
          {[0.5, HEIGHT / 2, HEIGHT - 0.5].map((y) => (
            <line key={y} x1="0" x2="100%" y1={y} y2={y} className="stroke-line" />
          ))}
          {days.map((day, index) => {
            const height = day[measure] === 0 ? 0 : Math.max(2, (day[measure] / top) * (HEIGHT - 1))
            return (
              <rect
                key={day.date}
                x={`${String(index * step + step * 0.14)}%`}
                width={`${String(step * 0.72)}%`}
                y={HEIGHT - height}
                height={height}
                rx="2"
                className={cn(
                  'fill-accent transition-opacity duration-100',
                  at !== null && at !== index && 'opacity-40',
                )}
              />
            )
          })}
        </svg>
      </div>
      {first !== undefined && last !== undefined && (
        <div aria-hidden="true" className="mt-1.5 flex justify-between pl-14 text-muted text-xs">
          <span>{dateOf(first.date)}</span>
          <span>{dateOf(last.date)}</span>
        </div>
      )}
    </figure>
  )
}
