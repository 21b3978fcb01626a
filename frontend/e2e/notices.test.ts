/** Who looks elsewhere is told when the agent needs them, and when it is done. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { hide, openPage, service, submit, url, useBrowser } from './browser'

interface Told {
  readonly title: string
  readonly text: string
}

/** What the system was asked to show. */
function told(page: Page): Promise<Told[]> {
  return page.evaluate(() =>
    (window as unknown as { told: Notification[] }).told.map(({ title, body }) => ({ title, text: body })),
  )
}

describe.skipIf(service === null)('notifications', () => {
  useBrowser()

  test('tell that a task needs the person, and that it is done; never whoever is looking', async () => {
    const page = await openPage({ permissions: ['notifications'] })
    await page.addInitScript(() => {
      const notices: Notification[] = []
      const Real = Notification
      Object.assign(window, { told: notices })
      window.Notification = class extends Real {
        constructor(title: string, options?: NotificationOptions) {
          super(title, options)
          notices.push(this)
        }
      }
    })
    await page.goto(url())
    await page.getByRole('button', { name: 'Personal' }).click()
    const choice = page.getByRole('menuitemcheckbox', { name: 'When a task is done or needs you' })
    expect(await choice.getAttribute('aria-checked')).toBe('false')
    await choice.click()
    await submit(page, 'Ask me which colour')
    await page.getByRole('form', { name: /Which colour/ }).waitFor({ timeout: 30_000 })
    const thread = page.url()
    // By then the page has heard of it.
    const link = page.getByRole('navigation').locator(`a[href="${new URL(thread).pathname}"]`)
    await link.getByRole('img', { name: 'needs you' }).waitFor()
    expect(await told(page)).toEqual([])

    await page.keyboard.press('Control+Shift+o')
    await submit(page, 'Ask me which colour')
    await hide(page, true)
    // Its name, as far as the page has heard of it.
    await expect
      .poll(() => told(page), { timeout: 20_000 })
      .toEqual([{ title: 'It needs you', text: expect.stringMatching(/colour|^Factotum$/i) as string }])
    await hide(page, false)
    await page.keyboard.press('Control+Shift+o')
    await page.getByRole('heading', { name: 'What shall I do for you?' }).waitFor()
    await page.evaluate(() => {
      ;(window as unknown as { told: Notification[] }).told[0]?.onclick?.(new Event('click'))
    })
    await page.getByRole('form', { name: /Which colour/ }).waitFor()
    expect(page.url()).not.toBe(thread)
    await page.getByRole('radio', { name: 'Red' }).check()
    await page.getByRole('button', { name: 'Answer', exact: true }).click()
    await hide(page, true)
    await expect
      .poll(async () => (await told(page)).map(({ title }) => title), { timeout: 20_000 })
      .toEqual(['It needs you', 'It is done'])
    expect(page.complaints).toEqual([])
  })
})
