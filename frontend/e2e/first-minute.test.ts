/** Somebody starts Factotum for the first time: no thread, no key of any provider, and three tasks that work. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { violations } from './axe'
import { ended, openPage, service, useBrowser } from './browser'
import type { Watched } from './browser'
import { Service } from './process'

/** Three tasks at once, on a machine that may have little to give. */
const LONG_MS = 240_000

describe.skipIf(service === null)('the first minute', () => {
  useBrowser()
  const own = new Service({}, null)
  beforeAll(() => own.start())
  afterAll(() => own.close())

  async function begin(title: string): Promise<Watched> {
    const page = await openPage({}, true, own)
    await page.goto(own.url)
    await page.getByRole('button', { name: title }).click()
    return page
  }

  test(
    'says which model is in use and what to set; each of the tasks it offers is done',
    async () => {
      const fresh = await openPage({}, false, own)
      await fresh.goto(`${own.url}/#code=${own.code}`)
      await fresh.getByText('The demo model is in use:').waitFor()
      await fresh.getByText('ANTHROPIC_API_KEY').waitFor()
      await fresh.getByText('Your tasks will stand here.').waitFor()
      // Of what is not there nothing is offered.
      expect(await fresh.getByRole('button', { name: 'Archived' }).count()).toBe(0)
      expect(await violations(fresh)).toEqual([])

      const pages = await Promise.all(['Primes and a plot', 'A report on a CSV file', 'A small web page'].map(begin))
      const [primes, report, site] = pages as [Watched, Watched, Watched]
      await site.getByRole('radio', { name: 'A band, dark colours' }).check({ timeout: 60_000 })
      await site.getByRole('button', { name: 'Answer', exact: true }).click()
      await Promise.all(pages.map(ended))
      for (const [page, file, shows] of [
        [primes, 'primes.csv', () => primes.getByRole('tabpanel').getByRole('cell', { name: '71' })],
        [report, 'report.md', () => report.getByRole('tabpanel').getByRole('heading').nth(1)],
        [
          site,
          'index.html',
          () =>
            site
              .getByRole('tabpanel')
              .locator('iframe')
              .contentFrame()
              .getByRole('heading', { name: 'A band' })
              .first(),
        ],
      ] as const) {
        await page
          .getByRole('list', { name: 'Results' })
          .getByRole('button', { name: new RegExp(`^${file}`) })
          .click()
        await shows().waitFor()
        expect(await page.getByRole('alert').count()).toBe(0)
        expect(page.complaints).toEqual([])
      }
      await fresh
        .getByRole('list', { name: 'Threads', exact: true })
        .getByRole('listitem')
        .nth(2)
        .waitFor({ timeout: 30_000 })
    },
    LONG_MS,
  )
})
