import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { conversation, ended, openPage, service, submit, url, useBrowser } from './browser'

/** How many streams are disturbed (STREAMS=20 for a thorough look). */
const STREAMS = Number(process.env.STREAMS ?? '2')
const AT_ONCE = 2

function paragraph(page: Page, number: number): Locator {
  return page.getByText(new RegExp(`^Paragraph ${String(number)} has`))
}

async function disturbedStream(): Promise<void> {
  const calm = await openPage()
  await calm.goto(url())
  await submit(calm, 'Please write slowly')
  await calm.waitForURL('**/t/*')
  const disturbed = await openPage()
  await disturbed.goto(calm.url())
  for (let reload = 0; reload < 4; reload++) {
    await disturbed.waitForTimeout(Math.random() * 700)
    await disturbed.reload()
  }
  await Promise.all([ended(calm), ended(disturbed)])
  await Promise.all([paragraph(calm, 30).waitFor(), paragraph(disturbed, 30).waitFor()])
  // The exact times of a run are read a moment after its end.
  await expect
    .poll(async () => (await conversation(disturbed)) === (await conversation(calm)), { timeout: 10_000 })
    .toBe(true)
  await Promise.all([calm.context().close(), disturbed.context().close()])
}

describe.skipIf(service === null)('streams that are disturbed', () => {
  useBrowser()

  test(
    'loaded anew at any moment they end as undisturbed ones',
    async () => {
      for (let done = 0; done < STREAMS; done += AT_ONCE) {
        const some = Math.min(AT_ONCE, STREAMS - done)
        await Promise.all(Array.from({ length: some }, () => disturbedStream()))
      }
    },
    60_000 + STREAMS * 15_000,
  )

  test('a network that was lost comes back with nothing missing and nothing twice', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please write slowly')
    await paragraph(page, 3).waitFor()
    await page.context().setOffline(true)
    await page.waitForTimeout(1500)
    await page.context().setOffline(false)
    await ended(page)
    await paragraph(page, 30).waitFor()
    const text = await conversation(page)
    for (let n = 1; n <= 30; n++) expect(text.split(`Paragraph ${String(n)} has`)).toHaveLength(2)
  })

  test('two tabs on one thread show the same, whichever of them asks', async () => {
    const one = await openPage()
    await one.goto(url())
    await submit(one, 'Ask me which colour')
    await one.getByRole('form', { name: /Which colour/ }).waitFor()
    const other = await openPage()
    await other.goto(one.url())
    await other.getByRole('radio', { name: 'Red' }).check()
    await other.getByRole('button', { name: 'Answer', exact: true }).click()
    await Promise.all([ended(one), ended(other)])
    await submit(other, 'Please show everything')
    await one.getByText('All is shown.').waitFor({ timeout: 30_000 })
    await expect
      .poll(async () => (await conversation(one)) === (await conversation(other)), { timeout: 10_000 })
      .toBe(true)
    for (const page of [one, other]) {
      const left = () => page.getByRole('log').evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight)
      await expect.poll(left).toBeLessThan(2)
    }
  })
})
