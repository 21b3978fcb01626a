/**
 * The words of the page: every text that a person reads stands in a catalogue beside this file (i18next JSON, one
 * file a feature), and `t` finds it in the language that was chosen. Free of React: a change of language mounts the
 * page anew (app/main.tsx), so a text must be looked up while something is drawn. Constants of a module name keys,
 * or have getters.
 */
import { createInstance } from 'i18next'
import type { ParseKeys } from 'i18next'
import { en } from './en'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page'
    resources: { page: typeof en }
  }
}

/** Each in its own words, as people look for it. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES
/** What stands in a catalogue. */
export type Words = typeof en
/** Names a text, such as `thread.stop`. */
export type Key = ParseKeys

const KEY = 'factotum.language'

const words = createInstance({
  lng: 'en',
  fallbackLng: 'en',
  ns: 'page',
  defaultNS: 'page',
  resources: { en: { page: en } },
  // React escapes.
  interpolation: { escapeValue: false },
  // English is here: nobody waits for it.
  initAsync: false,
})
void words.init()

/** A text in the language of the page; what stands in `{{…}}` of it is given. */
export const t = words.t.bind(words)

/** As `t`, for a key that is known only where it is called. */
export function filled(key: Key, values: Readonly<Record<string, string>>): string {
  return words.t(key, { defaultValue: '', ...values })
}

/** The language of the page. */
export function language(): Language {
  return isLanguage(words.language) ? words.language : 'en'
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
    if (wanted === 'de' && !words.hasResourceBundle('de', 'page'))
      words.addResourceBundle('de', 'page', (await import('./de')).default)
  } catch (error) {
    // The network, or a page that was built anew meanwhile.
    if (!(error instanceof TypeError)) throw error
    wanted = 'en'
  }
  document.documentElement.lang = wanted
  if (wanted !== words.language) await words.changeLanguage(wanted)
}

/** Calls `listener` whenever the language has changed; returns what ends that. */
export function onLanguage(listener: () => void): () => void {
  words.on('languageChanged', listener)
  return () => {
    words.off('languageChanged', listener)
  }
}

/** The first of the languages somebody asks for that there is. */
export function languageOf(asked: readonly string[]): Language {
  return asked.map((one) => one.toLowerCase().split('-')[0]).find(isLanguage) ?? 'en'
}

function isLanguage(name: unknown): name is Language {
  return typeof name === 'string' && Object.hasOwn(LANGUAGES, name)
}
