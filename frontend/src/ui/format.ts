/** Numbers and times as people read them. */

export function bytes(count: number): string {
  if (count < 1000) return `${String(count)} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = count
  let unit = -1
  do {
    value /= 1000
    unit += 1
  } while (value >= 999.5 && unit < units.length - 1)
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[unit] ?? ''}`
}

export function duration(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${String(whole)} s`
  const minutes = Math.floor(whole / 60)
  const rest = whole % 60
  if (minutes < 60) return `${String(minutes)} min ${String(rest)} s`
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`
}

export function tokens(count: number): string {
  if (count < 1000) return String(count)
  if (count < 1_000_000) return `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)}k`
  return `${(count / 1_000_000).toFixed(1)}M`
}

export function money(dollars: number): string {
  if (dollars === 0) return '$0.00'
  return dollars < 0.01 ? `$${dollars.toFixed(4)}` : `$${dollars.toFixed(2)}`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A day, from a date or its text. */
export function day(at: string | number): string {
  return DAY.format(new Date(at))
}

/** A day and the time of it. */
export function moment(at: string | number): string {
  return MOMENT.format(new Date(at))
}
