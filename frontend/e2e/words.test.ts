/** No text of the page is outside the catalogues, and a longer language breaks nothing. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { en } from '../src/words/en'
import { pseudo } from '../tests/pseudo'
import { violations } from './axe'
import { openPage, service, submit, url, useBrowser } from './browser'

/** What is no text of the page: names, code, and what people, agents and the service wrote. */
const NAMES = /Factotum|FACTOTUM_\w+|ANTHROPIC_API_KEY|OPENAI_API_KEY|ENV_MODE|openapi\.json|docs\/|English|Deutsch/g

/** A page in a language of tests, which comes in the place of German. */
async function foreign(width: number): Promise<Page> {
  const page = await openPage({ locale: 'de-DE', viewport: { width, height: 844 } })
  await page.route(/\/assets\/de-[\w-]+\.js/, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: `export default ${JSON.stringify(pseudo(en))}` }),
  )
  return page
}

/** Texts `within` something and names anywhere that have a word of plain letters outside of the brackets of the language. */
async function untranslated(page: Page, given: readonly string[], within = 'body'): Promise<string[]> {
  const said = await page.evaluate((where) => {
    const found: string[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const at = node.parentElement
      if (at?.closest(where) == null) continue
      if (at.closest('script, style, noscript, code, pre, kbd, [lang], time, .font-mono') === null)
        found.push((at.closest('p, li, button, label, h1, h2, h3, dd, dt') ?? at).textContent)
    }
    for (const element of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]'))
      for (const name of ['aria-label', 'placeholder', 'title', 'alt']) found.push(element.getAttribute(name) ?? '')
    return found
  }, within)
  const own = [...given, 'alt+T'].reduce((text, name) => text.replaceAll(name, ''), said.join('\n'))
  const bare = own.replaceAll(/⟦[^⟧]*⟧/g, '').replaceAll(NAMES, '')
  return [...new Set(bare.split('\n').filter((text) => /[A-Za-z]{3}/.test(text)))]
}

async function isWiderThanItsWindow(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
}

describe.skipIf(service === null)('another language', () => {
  useBrowser()

  test.each([1280, 390])('says everything, at %i pixels', async (width) => {
    const page = await foreign(width)
    const headers = { Authorization: `Bearer ${service?.token ?? ''}` }
    const made = await page.request.post(url('/v1/threads'), { headers, data: { title: 'Zqx' } })
    const { id } = (await made.json()) as { id: string }
    // What stands in the sidebar depends on the tests before.
    await page.route('**/v1/threads?**', (route) => route.fulfill({ json: { items: [], next: null } }))
    const given = ['Zqx', 'Personal', 'scripted', 'openai/', 'openai']
    for (const path of [
      '/',
      `/t/${id}`,
      '/settings/general',
      '/settings/keys',
      '/settings/secrets',
      '/settings/agents/new',
      '/settings/usage',
    ]) {
      await page.goto(url(path))
      await page.getByText('⟦').first().waitFor()
      await page.waitForTimeout(500)
      // What the service answers is in its own words.
      if (!['/settings/general', '/settings/agents/new'].includes(path))
        expect(await untranslated(page, given), path).toEqual([])
      expect(await isWiderThanItsWindow(page), path).toBe(false)
      expect(await violations(page), path).toEqual([])
    }
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
  })

  test.each([1280, 390])('says everything of what is shared, at %i pixels', async (width) => {
    const page = await foreign(width)
    await page.goto(url())
    await submit(page, 'Write primes.csv with the first 20 primes and plot them to primes.png')
    await page
      .getByRole('status')
      .getByText(pseudo(en.thread.theTaskIsDone))
      .waitFor({ state: 'attached', timeout: 90_000 })
    const headers = { Authorization: `Bearer ${service?.token ?? ''}` }
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    const shared = await page.request.post(url(`/v1/threads/${id}/shares`), { headers, data: {} })
    const { token } = (await shared.json()) as { token: string }
    for (const path of [`/t/${id}`, `/s#${token}`]) {
      await page.goto(url(path))
      await page.getByRole('log').getByText('⟦').first().waitFor()
      // What was said and done is in the words of those who did it.
      expect(
        await untranslated(page, ['primes.png', 'primes.csv', 'openai/scripted', 'scripted'], 'header p, form'),
        path,
      ).toEqual([])
      expect(await isWiderThanItsWindow(page), path).toBe(false)
      expect(await violations(page), path).toEqual([])
    }
  })

  test('is chosen in the settings, and the page speaks it at once', async () => {
    const page = await openPage()
    await page.goto(url('/settings/general'))
    await page.getByRole('combobox', { name: 'Language' }).selectOption({ label: 'Deutsch' })
    await page.getByRole('heading', { name: 'Einstellungen' }).waitFor()
    await page.goto(url())
    await page.getByRole('heading', { name: 'Was soll ich für dich tun?' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
  })

  test('a thread without messages says how to begin', async () => {
    const page = await openPage()
    const headers = { Authorization: `Bearer ${service?.token ?? ''}` }
    const made = await page.request.post(url('/v1/threads'), { headers, data: { title: 'Fresh' } })
    await page.goto(url(`/t/${((await made.json()) as { id: string }).id}`))
    await page.getByRole('heading', { name: 'Nothing here yet' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: /Primes and a plot/ }).click()
    await page.getByRole('log').getByText('plot them to primes.png').waitFor()
  })
})
