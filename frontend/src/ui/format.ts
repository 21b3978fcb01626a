/** Numbers and times as people of the page's language read them. */
import { language, t } from '@/words'
import type { Language } from '@/words'

/** Makes a formatter for each language once. */
function byLanguage<Format>(make: (of: Language) => Format): () => Format {
  const made = new Map<Language, Format>()
  return () => {
    const of = language()
    const format = made.get(of) ?? make(of)
    made.set(of, format)
    return format
  }
}

const digits = (least: number, most = least): (() => Intl.NumberFormat) =>
  byLanguage((of) => new Intl.NumberFormat(of, { minimumFractionDigits: least, maximumFractionDigits: most }))
const dollars = (least: number, most = least): (() => Intl.NumberFormat) =>
  byLanguage(
    (of) =>
      new Intl.NumberFormat(of, {
        style: 'currency',
        currency: 'USD',
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: least,
        maximumFractionDigits: most,
      }),
  )
const WHOLE = digits(0)
const TENTHS = digits(1)
const PLAIN = digits(0, 3)
const CENTS = dollars(2)
const SMALL = dollars(4)
const PRICE = dollars(0, 6)
const DAY = byLanguage((of) => new Intl.DateTimeFormat(of, { dateStyle: 'medium' }))
const MOMENT = byLanguage((of) => new Intl.DateTimeFormat(of, { dateStyle: 'medium', timeStyle: 'short' }))
const DAY_OF_YEAR = byLanguage((of) => new Intl.DateTimeFormat(of, { month: 'short', day: 'numeric', timeZone: 'UTC' }))
const SIZES = ['ui.kilobytes', 'ui.megabytes', 'ui.gigabytes', 'ui.terabytes'] as const

export function number(value: number): string {
  return PLAIN().format(value)
}

export function bytes(count: number): string {
  if (count < 1000) return t('ui.bytes', { value: number(count) })
  let value = count
  let unit = -1
  do {
    value /= 1000
    unit += 1
  } while (value >= 999.5 && unit < SIZES.length - 1)
  return t(SIZES[unit] ?? 'ui.terabytes', { value: (value < 10 ? TENTHS() : WHOLE()).format(value) })
}

export function duration(ms: number): string {
  if (ms < 1000) return t('ui.milliseconds', { value: WHOLE().format(ms) })
  const seconds = ms / 1000
  if (seconds < 10) return t('ui.seconds', { value: TENTHS().format(seconds) })
  const whole = Math.round(seconds)
  if (whole < 60) return t('ui.seconds', { value: whole })
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return t('ui.minutes', { minutes, seconds: whole % 60 })
  return t('ui.hours', { hours: number(Math.floor(minutes / 60)), minutes: minutes % 60 })
}

export function tokens(count: number): string {
  if (count < 1000) return number(count)
  if (count < 1_000_000) return t('ui.thousands', { value: (count < 10_000 ? TENTHS() : WHOLE()).format(count / 1000) })
  return t('ui.millions', { value: TENTHS().format(count / 1_000_000) })
}

export function money(amount: number): string {
  return (amount === 0 || amount >= 0.01 ? CENTS() : SMALL()).format(amount)
}

/** What something costs, in US dollars, as it was set. */
export function price(amount: number): string {
  return PRICE().format(amount)
}

/** A day, from a date or its text. */
export function day(at: string | number): string {
  return DAY().format(new Date(at))
}

/** A day without its year, of a date in UTC. */
export function dayOfYear(at: string): string {
  return DAY_OF_YEAR().format(new Date(at))
}

/** A day and the time of it. */
export function moment(at: string | number): string {
  return MOMENT().format(new Date(at))
}
