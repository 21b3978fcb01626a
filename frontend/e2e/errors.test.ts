/** What goes wrong is said where it goes wrong, in plain words, and nothing that was written is lost. */
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { api, openPage, service, submit, url, useBrowser } from './browser'
import { Wire } from './wire'

describe.skipIf(service === null)('errors', () => {
  useBrowser()

  test('a model that refuses, a service that is away, and an address of nothing', async () => {
    if (service === null) return
    const wire = await Wire.to(service)
    try {
      const page = await openPage({}, true, wire)
      await page.goto(wire.url)
      await page.getByText('will do it').waitFor()
      wire.cut()
      await submit(page, 'Please lose your key')
      await page
        .getByText(/The service cannot be reached.*Check that it is running/)
        .first()
        .waitFor()
      expect(await page.getByLabel('Your task').inputValue()).toBe('Please lose your key')
      wire.mend()
      await page.getByLabel('Your task').press('Enter')
      const failed = page.getByRole('log').getByRole('alert')
      await failed.getByText(/key/).first().waitFor({ timeout: 60_000 })
      // What happened, and what to do.
      expect(await failed.locator('p').count()).toBe(2)
      await page.getByRole('button', { name: 'Try again' }).waitFor()
      expect(await violations(page)).toEqual([])
    } finally {
      await wire.close()
    }

    const late = await openPage()
    const { id } = await api<{ id: string }>('/threads', 'POST', { title: 'Opened while the service was away' })
    await late.route(`**/v1/threads/${id}**`, (route) => route.abort())
    await late.goto(url(`/t/${id}`))
    await late.getByRole('alert').getByText('The service cannot be reached').waitFor()
    expect(await late.getByLabel('Your task').count()).toBe(0)
    await late.unroute(`**/v1/threads/${id}**`)
    await late.getByText('Nothing here yet').waitFor()

    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openPage({ colorScheme })
      await page.goto(url('/nowhere'))
      await page.getByText('There is nothing at this address').waitFor()
      expect(await violations(page)).toEqual([])
      await page.goto(url('/t/0190a0a0-0000-7000-8000-00000000dead'))
      await page.getByRole('alert').getByText('There is no such thread').waitFor()
      await page.getByRole('main').getByRole('link', { name: 'Begin a new task' }).waitFor()
      expect(await violations(page)).toEqual([])
      expect(page.complaints).toEqual([])
    }
  })
})
