/** The page is deployed by itself: static files and a config.json that names the API. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Apart, SIGN_IN } from './apart'
import { violations } from './axe'
import { choose, downloaded, ended, openPage, service, submit, useBrowser } from './browser'

describe.skipIf(service === null)('the page on a host of its own', () => {
  useBrowser()
  const apart = new Apart()
  beforeAll(() => apart.start(service?.url ?? ''))
  afterAll(() => apart.close())

  test('signs in, works, takes and gives files, and shares, with the API that config.json names', async () => {
    const at = { url: apart.page, token: '' }
    const page = await openPage({}, false, at)
    await page.goto(apart.page)
    await page.getByText(SIGN_IN.hint).waitFor()
    const where = page.getByRole('link', { name: 'Get a token at tokens.example.com' })
    expect(await where.getAttribute('href')).toBe(SIGN_IN.link)
    expect(await violations(page)).toEqual([])
    await page.getByLabel('Access token').fill(service?.token ?? '')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('will do it').waitFor()
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'note.md', mimeType: 'text/markdown', buffer: Buffer.from('# Hello\n') })
    await submit(page, 'Please show everything')
    await ended(page)
    const log = page.getByRole('log')
    await log.getByText('All is shown.').waitFor()
    await page.reload()
    await log.getByText('All is shown.').waitFor()
    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Files' }).click()
    const zip = await downloaded(page, () => page.getByRole('button', { name: 'Download all as a zip' }).click())
    expect(zip.bytes.includes('note.md')).toBe(true)
    await choose(page, page.getByRole('button', { name: 'More for this thread' }), 'Share')
    await page.getByRole('button', { name: 'Make a link' }).click()
    const link = await page.getByLabel('Copy the link now').inputValue()
    expect(new URL(link).origin).toBe(apart.page)
    const stranger = await openPage({}, false, at)
    await stranger.goto(link)
    await stranger.getByRole('log').getByText('All is shown.').waitFor()

    // Nobody else was asked than the two.
    for (const complaint of [...page.complaints, ...stranger.complaints])
      expect(complaint.startsWith(`asked ${apart.api}/v1/`), complaint).toBe(true)
    expect(page.complaints).not.toEqual([])
    const deep = await fetch(`${apart.page}/t/0190a0a0-0000-7000-8000-000000000001`)
    expect(deep.headers.get('content-type')).toBe('text/html')
  })
})
