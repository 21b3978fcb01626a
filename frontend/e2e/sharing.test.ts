import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { choose, ended, openPage, service, submit, url, useBrowser } from './browser'

const MENU = { name: 'More for this thread' } as const

describe.skipIf(service === null)('sharing and replay', () => {
  useBrowser()

  test('a thread is shared with a stranger, played by them, and taken back', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please work in steps')
    await ended(page)
    await choose(page, page.getByRole('button', MENU), 'Share')
    await page.getByRole('radio', { name: '7 days' }).check({ force: true })
    await page.getByRole('button', { name: 'Make a link' }).click()
    const link = await page.getByLabel('Copy the link now').inputValue()
    await page.getByRole('list', { name: 'Links' }).getByText('Made').waitFor()
    expect(await violations(page)).toEqual([])

    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 390],
    ] as const) {
      const stranger = await openPage({ colorScheme, viewport: { width, height: 844 } }, false)
      const asked: string[] = []
      stranger.on('request', (request) => asked.push(request.url(), request.headers().referer ?? ''))
      await stranger.goto(link)
      await stranger.getByRole('heading', { name: /work in steps/i }).waitFor()
      await stranger.getByText(/^Shared .*read-only$/).waitFor()
      const log = stranger.getByRole('log')
      await log.getByText('All steps are done.').waitFor()
      expect(await stranger.getByRole('textbox').count()).toBe(0)
      expect(await stranger.getByRole('button', { name: /Edit and|Try again/ }).count()).toBe(0)
      expect(await violations(stranger)).toEqual([])
      if (width > 390) continue
      const slider = stranger.getByRole('slider', { name: 'Moment' })
      await slider.focus()
      await stranger.keyboard.press('Home')
      await log.getByText('All steps are done.').waitFor({ state: 'detached' })
      expect(await log.innerText()).toBe('')
      for (let n = 0; n < 3; n++) await stranger.keyboard.press('ArrowRight')
      await log.getByText('I begin.').waitFor()
      expect(await slider.getAttribute('aria-valuetext')).toMatch(/^3 of \d+: Plan/)
      await stranger.getByRole('button', { name: /^Speed/ }).click()
      await stranger.getByRole('menuitemcheckbox', { name: '8×' }).click()
      await stranger.getByRole('button', { name: 'Play', exact: true }).click()
      await log.getByText('All steps are done.').waitFor()
      await stranger
        .getByRole('list', { name: 'Results' })
        .getByRole('button', { name: /^app\.py/ })
        .click()
      await stranger.getByRole('tabpanel').getByText('three').waitFor()
      expect(await violations(stranger)).toEqual([])
      expect(stranger.complaints).toEqual([])
      const [, token = ''] = link.split('#')
      expect(asked.join(' ')).not.toContain(token)
    }
    await page.getByRole('button', { name: /^Revoke the link/ }).click()
    await page.getByRole('list', { name: 'Links' }).waitFor({ state: 'detached' })
    expect(await page.getByLabel('Copy the link now').count()).toBe(0)
    const late = await openPage({}, false)
    await late.goto(link)
    await late.getByRole('heading', { name: 'There is nothing under this link.' }).waitFor()
    expect(await violations(late)).toEqual([])
  })

  test('a thread of one’s own is played; plan and panel follow the moment', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please work in steps')
    await ended(page)
    await page.keyboard.press('Control+j')
    await choose(page, page.getByRole('button', MENU), 'Replay')
    await page.getByText('Replay: as it was at a moment').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    const slider = page.getByRole('slider', { name: 'Moment' })
    await slider.focus()
    await page.keyboard.press('Home')
    await page.getByRole('tabpanel').getByText('The plan and the steps of a task stand here').waitFor()
    await page.keyboard.press('End')
    await page.getByRole('tabpanel').getByRole('progressbar', { name: 'Plan' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('tab', { name: 'Changes' }).click()
    await page.getByRole('list', { name: 'Changed files' }).getByText('app.py').first().waitFor()
    await page.getByRole('button', { name: 'Leave' }).click()
    await page.getByRole('tab', { name: 'Files' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download all as a zip' }).click()
    expect((await download).suggestedFilename()).toBe('workspace.zip')
    await page.getByLabel('Your task').waitFor()
  })
})
