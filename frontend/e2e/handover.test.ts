/** A person takes over the agent's browser, signs in and hands it back; what they typed is nowhere afterwards. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { ended, openPage, service, submit, url, useBrowser } from './browser'

const PASSWORD = 'correct-horse-battery'

async function read(page: Page, path: string): Promise<string> {
  const answer = await page.request.get(url(path), { headers: { Authorization: `Bearer ${service?.token ?? ''}` } })
  return answer.text()
}

describe.skipIf(service === null)("the agent's browser in a person's hands", () => {
  useBrowser()

  test('they are asked, sign in by keyboard alone, and hand it back', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please read my inbox')
    const card = page.getByRole('region', { name: 'Your turn in the browser' })
    const take = card.getByRole('button', { name: 'Take over' })
    await take.waitFor({ timeout: 60_000 })
    const threadId = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    expect(await violations(page)).toEqual([])
    await take.focus()
    await page.keyboard.press('Enter')
    const window = page.getByRole('textbox', { name: /^The browser's window/ })
    await expect.poll(() => window.evaluate((field) => field === document.activeElement)).toBe(true)
    expect(await violations(page)).toEqual([])
    const address = page.getByLabel('Address')
    expect(await address.inputValue()).toBe('http://localhost:8123/')
    // The site's first field has the focus there.
    await page.keyboard.type('ada')
    await page.keyboard.press('Tab')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    const shown = page.getByRole('tabpanel')
    await page.waitForTimeout(1_500)
    expect(await window.inputValue()).toBe('')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    const back = page.getByRole('button', { name: 'Hand back' })
    expect(await back.evaluate((button) => button === document.activeElement)).toBe(true)
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.type('I am in.')
    await page.keyboard.press('Enter')
    await page.getByText('I am in your inbox.').waitFor({ timeout: 30_000 })
    await ended(page)
    await shown.getByRole('heading', { name: 'Inbox' }).waitFor()
    const picture = shown.getByRole('img', { name: 'The browser shows Inbox' })
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(300)
    const [run] = (JSON.parse(await read(page, `/v1/threads/${threadId}/runs`)) as { items: { id: string }[] }).items
    const told =
      (await read(page, `/v1/threads/${threadId}/messages`)) + (await read(page, `/v1/runs/${run?.id ?? ''}/events`))
    expect(told).toContain('Hello ada')
    expect(told).toContain(`A password of ${String(PASSWORD.length)} characters`)
    expect(told).toContain('They say: I am in.')
    expect(told).not.toContain(PASSWORD)
    expect(page.complaints).toEqual([])
  })
})
