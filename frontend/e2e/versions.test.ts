/** Versions of the workspace, and what somebody sees who may only read. */
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { ended, openPage, service, submit, url, useBrowser } from './browser'

describe.skipIf(service === null)('versions of the workspace', () => {
  useBrowser()

  test('are listed with their time and cause, and one is put back after a second click', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please work in steps')
    await ended(page)
    await page
      .getByRole('list', { name: 'Results' })
      .getByRole('button', { name: /^app\.py/ })
      .waitFor()
    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Files' }).click()
    await page
      .getByRole('tabpanel')
      .getByRole('button', { name: /app\.py/ })
      .waitFor()

    await page.getByRole('button', { name: 'Versions' }).click()
    const versions = page.getByRole('list', { name: 'Versions' }).getByRole('listitem')
    await page.getByRole('button', { name: 'Keep one now' }).click()
    await versions.filter({ hasText: 'Kept by hand' }).waitFor()
    const after = versions.filter({ hasText: 'After “Please work in steps”' })
    expect(await versions.locator('time').count()).toBe(await versions.count())
    expect(await violations(page)).toEqual([])

    // A file that is put there now is gone in the version of before.
    await page.getByRole('button', { name: 'Back to all files' }).click()
    await page
      .getByRole('tabpanel')
      .locator('input[type=file]')
      .setInputFiles({ name: 'later.txt', mimeType: 'text/plain', buffer: Buffer.from('x') })
    await page.getByRole('button', { name: /later\.txt/ }).waitFor()
    await page.getByRole('button', { name: 'Versions' }).click()
    const kept = (await after.count()) > 0 ? after : versions.filter({ hasText: 'Kept by hand' })
    await kept
      .first()
      .getByRole('button', { name: /^Restore the version of/ })
      .click()
    await page.keyboard.press('Escape')
    await kept
      .first()
      .getByRole('button', { name: /^Restore the version of/ })
      .click()
    await page.keyboard.press('Enter')
    await page.getByText(/^The files are as they were on/).waitFor()
    await versions.filter({ hasText: 'Before another version was put back' }).waitFor()
    await page.getByRole('button', { name: 'Back to all files' }).click()
    await page
      .getByRole('tabpanel')
      .getByRole('button', { name: /app\.py/ })
      .waitFor()
    expect(await page.getByRole('button', { name: /later\.txt/ }).count()).toBe(0)
    expect(page.complaints).toEqual([])
  })

  test('a service whose sandboxes keep none says so', async () => {
    const page = await openPage()
    await page.route('**/snapshots', (route) => route.fulfill({ json: { items: [], supported: false } }))
    const headers = { Authorization: `Bearer ${service?.token ?? ''}` }
    const made = await page.request.post(url('/v1/threads'), { headers, data: { title: 'None' } })
    await page.goto(url(`/t/${((await made.json()) as { id: string }).id}`))
    await page.getByRole('heading', { name: 'Nothing here yet' }).waitFor()
    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Files' }).click()
    await page.getByRole('button', { name: 'Versions' }).click()
    await page.getByText('keep no versions of the workspace').waitFor()
    expect(await page.getByRole('button', { name: 'Keep one now' }).count()).toBe(0)
  })

  test('a viewer is told why there is nothing to write in', async () => {
    const headers = { Authorization: `Bearer ${service?.token ?? ''}`, 'Content-Type': 'application/json' }
    const ask = async (path: string, body: object): Promise<Record<string, string>> => {
      const answer = await fetch(url(path), { method: 'POST', headers, body: JSON.stringify(body) })
      return (await answer.json()) as Record<string, string>
    }
    const { token: invitation } = await ask('/v1/invitations', { role: 'viewer' })
    const joined = await fetch(url('/v1/invitations/accept'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: invitation, name: 'Vi' }),
    })
    const { token = '' } = (await joined.json()) as { token?: string }
    const { id = '' } = await ask('/v1/threads', { title: 'Read me' })
    const page = await openPage({}, true, { url: service?.url ?? '', token })
    for (const path of ['/', `/t/${id}`]) {
      await page.goto(url(path))
      await page.getByText('You are a viewer of this account').waitFor()
      expect(await page.locator('[data-composer]').count()).toBe(0)
      expect(await page.getByRole('button', { name: /Primes and a plot/ }).count()).toBe(0)
      expect(await page.getByRole('button', { name: 'More for Read me' }).count()).toBe(0)
      expect(await violations(page)).toEqual([])
    }
    await page.getByRole('button', { name: 'More for this thread' }).click()
    await page.getByRole('menuitem', { name: 'Export as JSON' }).waitFor()
    for (const name of ['Share', 'Pin', 'Delete']) expect(await page.getByRole('menuitem', { name }).count()).toBe(0)
    expect(page.complaints).toEqual([])
  })
})
