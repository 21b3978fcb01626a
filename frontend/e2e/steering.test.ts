/** A task goes on without its page, and hears what is said to it: after its step, and at once. */
import { describe, expect, test } from 'vitest'
import { api, deliver, ended, openPage, service, submit, threadOf, url, useBrowser } from './browser'

describe.skipIf(service === null)('a task under way', () => {
  useBrowser()

  test('goes on when its tab is closed; what is said to it is read after its step, or now', async () => {
    const first = await openPage()
    await first.goto(url())
    await submit(first, 'Please hold on')
    await first.getByRole('button', { name: /^Run until .*running/ }).waitFor({ timeout: 60_000 })
    const thread = threadOf(first)
    await first.close()

    const page = await openPage()
    await page.goto(url())
    const link = page.getByRole('navigation').locator(`a[href="/t/${thread}"]`)
    const dot = link.getByRole('img', { name: 'running' })
    await dot.waitFor()
    await link.click()
    await deliver(page, 'After this step', 'Hear me out')
    await page.getByText('Sent: it is read next').waitFor()
    await api(`/threads/${thread}/files/go`, 'PUT', 'now')
    const log = page.getByRole('log')
    await log.getByText('I heard you.').waitFor()
    await page.getByText('Sent: it is read next').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Run sleep 300.*running/ }).waitFor()
    await deliver(page, 'Now', 'Leave it be')
    await log.getByText('I left it.').waitFor({ timeout: 20_000 })
    await ended(page)
    await dot.waitFor({ state: 'detached' })
    const said = await log.innerText()
    const order = ['Please hold on', 'Hear me out', 'I heard you.', 'Leave it be', 'I left it.'].map((text) =>
      said.indexOf(text),
    )
    expect(order).toEqual([...order].sort((one, other) => one - other))
    expect(order).not.toContain(-1)
  })
})
