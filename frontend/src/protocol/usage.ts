/** What was used, made ready for a chart. Pure. */
import type { UsageItem } from './types'

export interface Day {
  /** As `2026-11-22`, in UTC. */
  readonly date: string
  readonly tokens: number
  readonly cached: number
  readonly dollars: number
  readonly runs: number
}

const DAY_MS = 86_400_000

/** The first day of a period of so many days that ends with `last`. */
export function firstDay(last: string, days: number): string {
  return new Date(Date.parse(last) - (days - 1) * DAY_MS).toISOString().slice(0, 10)
}

/** Every day from the first to the last, also those on which nothing was used. */
export function everyDay(first: string, last: string, items: readonly UsageItem[]): Day[] {
  const known = new Map(items.map((item) => [item.key, item]))
  const days: Day[] = []
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) {
    const date = new Date(at).toISOString().slice(0, 10)
    const item = known.get(date)
    days.push({
      date,
      tokens: (item?.input_tokens ?? 0) + (item?.output_tokens ?? 0),
      cached: item?.cached_tokens ?? 0,
      dollars: item?.cost_usd ?? 0,
      runs: item?.runs ?? 0,
    })
  }
  return days
}

/** The top of an axis: the least of 1, 2, 2.5 and 5 times a power of ten that is not below `most`. */
export function niceTop(most: number): number {
  if (most <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return ([1, 2, 2.5, 5].find((step) => step * power >= most * (1 - 1e-9)) ?? 10) * power
}
