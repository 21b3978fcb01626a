/**
 * The words of the page: every text that a person reads stands in a catalogue beside this file (the JSON of i18next,
 * version 4, one file a feature), and `t` finds it in the language that was chosen. Free of React: a change of
 * language mounts the page anew (app/main.tsx), so a text must be looked up while something is drawn. Constants of a
 * module name keys, or have getters.
 */
import type { en } from './en'
import { first } from './en/first'

/** Each in its own words, as people look for it. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES
/** What stands in a catalogue. */
export type Words = typeof en

type Called<Name extends string> = Name extends `${infer Base}_${'one' | 'other'}` ? Base : Name
type Keys<Tree, Before extends string = ''> = {
  [Name in keyof Tree & string]: Tree[Name] extends string
    ? `${Before}${Called<Name>}`
    : Keys<Tree[Name], `${Before}${Name}.`>
}[keyof Tree & string]
/** Names a text, such as `thread.stepCount`; those for several numbers without the form of the number. */
export type Key = Keys<Words>

const KEY = 'factotum.language'

let english: Partial<Words> = first
let german: Words | null = null
let asked = false
const listeners = new Set<() => void>()
let spoken: Language = 'en'

/**
 * A text in the language of the page. `values` stand for `{{name}}` in it, or `{{name, number}}` with the digits
 * grouped as that language does; `count` also chooses between the forms of a number.
 */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  const { count } = values
  const form = typeof count === 'number' ? new Intl.PluralRules(spoken).select(count) : null
  const text = found(key, form, spoken === 'de' ? german : english) ?? found(key, form, english) ?? key
  return text.replaceAll(/\{\{(\w+)(, number)?\}\}/g, (place, name: string, isNumber?: string) => {
    const value = values[name]
    if (value === undefined) return place
    return isNumber !== undefined && typeof value === 'number'
      ? new Intl.NumberFormat(spoken).format(value)
      : String(value)
  })
}

function found(key: string, form: string | null, words: Partial<Words> | null): string | null {
  for (const name of form === null ? [key] : [`${key}_${form}`, `${key}_other`, key]) {
    const at = name.split('.').reduce<unknown>((tree, part) => own(tree, part), words)
    if (typeof at === 'string') return at
  }
  return null
}

function own(tree: unknown, name: string): unknown {
  return typeof tree === 'object' && tree !== null && Object.hasOwn(tree, name) ? Reflect.get(tree, name) : undefined
}

/** The language of the page. */
export function language(): Language {
  return spoken
}

/** What the person chose for this browser; null: what the browser asks for. */
export function chosenLanguage(): Language | null {
  const stored = localStorage.getItem(KEY)
  return isLanguage(stored) ? stored : null
}

export async function chooseLanguage(chosen: Language | null): Promise<void> {
  if (chosen === null) localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, chosen)
  await startLanguage()
}

/** Speaks the language that was chosen; where its catalogue cannot be had, English. */
export async function startLanguage(): Promise<void> {
  let wanted = chosenLanguage() ?? languageOf(navigator.languages)
  try {
    if (wanted === 'de') german ??= (await import('./de')).default
    else if (asked) await loadLater()
  } catch (error) {
    // The network, or a page that was built anew meanwhile.
    if (!(error instanceof TypeError)) throw error
    wanted = 'en'
  }
  document.documentElement.lang = wanted
  if (wanted === spoken) return
  spoken = wanted
  for (const listener of listeners) listener()
}

/** A part of the page that says what is not there from the beginning: it comes together with its words. */
export async function withWords<Part>(part: Promise<Part>): Promise<Part> {
  asked = true
  if (spoken === 'en') await loadLater()
  return part
}

async function loadLater(): Promise<void> {
  english = { ...first, ...(await import('./en/later')).later }
}

/** Calls `listener` whenever the language has changed; returns what ends that. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** The first of the languages somebody asks for that there is. */
export function languageOf(asked: readonly string[]): Language {
  return asked.map((one) => one.toLowerCase().split('-')[0]).find(isLanguage) ?? 'en'
}

function isLanguage(name: unknown): name is Language {
  return typeof name === 'string' && Object.hasOwn(LANGUAGES, name)
}
