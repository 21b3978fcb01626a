// @vitest-environment jsdom
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { day, duration, money, tokens } from '@/ui/format'
import { chooseLanguage, language, languageOf, t } from '@/words'
import { en } from '@/words/en'
import de from '@/words/de'
import { pseudo } from './pseudo'

const SOURCES = join(import.meta.dirname, '../src')

/** Every text of a catalogue, by its key. */
function texts(words: object, before = ''): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null
        ? [...texts(value, `${before}${key}.`)]
        : [[before + key, String(value)] as const],
    ),
  )
}

function placesOf(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)/g)].map(([, name]) => name ?? '').sort()
}

/** The key as it is called: without the form of its number. */
function called(key: string): string {
  return key.replace(/_(zero|one|two|few|many|other)$/, '')
}

const english = texts(en)

describe('the catalogues', () => {
  test('German says all that English says, with the same things in it', () => {
    const german = texts(de)
    expect([...german.keys()]).toEqual([...english.keys()])
    for (const [key, text] of german) {
      expect(text.trim(), key).not.toBe('')
      if (!key.endsWith('_one')) expect(placesOf(text), key).toEqual(placesOf(english.get(key) ?? ''))
    }
  })

  test.each([
    ['en', en],
    ['de', de],
  ])('%s has each form of a number that the language has', (of, words) => {
    const keys = new Set(texts(words).keys())
    const forms = new Intl.PluralRules(of).resolvedOptions().pluralCategories
    for (const key of [...keys].filter((one) => called(one) !== one))
      for (const form of forms) expect(keys, key).toContain(`${called(key)}_${form}`)
  })

  test('has nothing that nobody says', () => {
    const code = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('words'))
      .map((name) => readFileSync(join(SOURCES, name), 'utf8'))
      .join('\n')
    // Tools say theirs by their name.
    const unused = [...english.keys()].filter(
      (key) =>
        !/^tools\.\w+\.\w+$/.test(key) && !new RegExp(`['"]${called(key).replaceAll('.', '\\.')}['"]`).test(code),
    )
    expect(unused).toEqual([])
  })
})

describe('a language', () => {
  afterEach(async () => {
    await chooseLanguage('en')
    localStorage.clear()
  })

  test('is the first of those the browser asks for that there is', () => {
    expect(languageOf(['fr-FR', 'de-AT', 'en'])).toBe('de')
    expect(languageOf(['fr'])).toBe('en')
    expect(languageOf([])).toBe('en')
  })

  test('that was chosen is spoken, with its numbers, its days and its forms', async () => {
    const at = '2026-05-03T12:00:00Z'
    expect([t('thread.stepCount', { count: 1 }), t('thread.stepCount', { count: 2 })]).toEqual(['1 step', '2 steps'])
    expect(day(at)).toBe('May 3, 2026')
    await chooseLanguage('de')
    expect(language()).toBe('de')
    expect(document.documentElement.lang).toBe('de')
    expect(localStorage.getItem('factotum.language')).toBe('de')
    expect([t('thread.stepCount', { count: 1 }), t('thread.stepCount', { count: 2 })]).toEqual([
      '1 Schritt',
      '2 Schritte',
    ])
    expect([day(at), duration(5230), tokens(5930), money(1.5)]).toEqual([
      '03.05.2026',
      '5,2 s',
      '5,9 Tsd.',
      '1,50\u00a0$',
    ])
  })
})

test('the language of tests is longer, and keeps what is put in', () => {
  expect(pseudo({ a: { b: 'Open {{path}} now' } })).toEqual({ a: { b: '⟦Öþéñ {{path}} ñöŵ~~~⟧' } })
})
