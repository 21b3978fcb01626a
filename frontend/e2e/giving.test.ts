/** Files go to the agent in every way that a person knows, and come back. */
import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { api, downloaded, ended, openPage, service, threadOf, url, useBrowser } from './browser'

/** Drops a file on something, as a hand would that comes from another window. */
async function drop(page: Page, on: Locator, name: string, text: string, hovers?: () => Promise<void>): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    ([file, content]) => {
      const data = new DataTransfer()
      data.items.add(new File([content], file))
      return data
    },
    [name, text] as const,
  )
  await on.dispatchEvent('dragover', { dataTransfer })
  await hovers?.()
  await on.dispatchEvent('drop', { dataTransfer })
}

describe.skipIf(service === null)('giving files', () => {
  useBrowser()

  test('a picture is pasted, a long text becomes a file, others are dropped; all reach the workspace', async () => {
    const page = await openPage({ permissions: ['clipboard-read', 'clipboard-write'] })
    await page.goto(url())
    const task = page.getByLabel('Your task')
    await task.fill('Please show everything')
    await page.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 20 })
      canvas.getContext('2d')?.fillRect(0, 0, 40, 20)
      const blob = await new Promise<Blob | null>((resolve) => {
        canvas.toBlob(resolve)
      })
      if (blob !== null) await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })])
    })
    await task.press('Control+v')
    const attached = page.getByRole('list', { name: 'Attached files' })
    await attached.getByText('image.png').waitFor()
    const long = 'All work and no play. '.repeat(400)
    await page.evaluate((text) => navigator.clipboard.writeText(text), long)
    await task.press('Control+v')
    await task.press('Control+v')
    await attached.getByText('pasted-2.txt').waitFor()
    await attached.getByRole('button', { name: 'Remove pasted-2.txt' }).click()
    await page.evaluate(() => navigator.clipboard.writeText(', quickly'))
    await task.press('Control+v')
    expect(await task.inputValue()).toBe('Please show everything, quickly')
    await drop(page, task, 'dropped.md', '# Dropped\n', () => page.getByPlaceholder('Drop files here').waitFor())
    await attached.getByText('dropped.md').waitFor()
    expect(await violations(page)).toEqual([])
    await task.press('Enter')
    await ended(page)
    await page.getByRole('log').getByText('image.png, pasted.txt, dropped.md').waitFor()
    const thread = threadOf(page)

    // The tree, what is in it, and what else goes into it.
    const script =
      "<h1>Still</h1><script>document.body.append('It moved')</script><img src='https://example.com/x.png'>"
    await api(`/threads/${thread}/files/site/index.html`, 'PUT', script)
    await api(`/threads/${thread}/files/site/app.py`, 'PUT', 'def main():\n    return 7\n')
    await api(`/threads/${thread}/files/.factotum/outputs/kept.txt`, 'PUT', 'kept')
    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Files' }).click()
    const panel = page.getByRole('tabpanel')
    await panel
      .locator('input[type=file]')
      .setInputFiles({ name: 'numbers.csv', mimeType: 'text/csv', buffer: Buffer.from('a;b\n1;2\n') })
    await panel.getByRole('button', { name: 'numbers.csv' }).waitFor()
    await drop(page, panel.getByRole('list', { name: 'Files' }), 'late.txt', 'late')
    await panel.getByRole('button', { name: 'late.txt' }).waitFor()
    const zip = await downloaded(page, () => panel.getByRole('button', { name: 'Download all as a zip' }).click())
    expect(zip.name).toBe('workspace.zip')
    for (const name of ['image.png', 'pasted.txt', 'dropped.md', 'numbers.csv', 'late.txt', 'site/app.py'])
      expect(zip.bytes.includes(name), name).toBe(true)
    expect(zip.bytes.includes('kept.txt')).toBe(false)
    expect(await panel.getByRole('button', { name: '.factotum' }).count()).toBe(0)

    const open = async (name: string): Promise<void> => {
      const back = panel.getByRole('button', { name: 'Back to all files' })
      if (await back.isVisible()) await back.click()
      const folder = panel.getByRole('button', { name: 'site', exact: true })
      if ((await folder.getAttribute('aria-expanded')) === 'false') await folder.click()
      await panel.getByRole('button', { name }).click()
    }
    await open('image.png')
    const picture = panel.getByRole('img', { name: 'image.png' })
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(40)
    await open('dropped.md')
    await panel.getByRole('heading', { name: 'Dropped', exact: true }).waitFor()
    await open('numbers.csv')
    await panel.getByRole('columnheader', { name: 'b' }).waitFor()
    await open('app.py')
    await expect.poll(() => panel.locator('.shiki-token').count()).toBeGreaterThan(2)
    await open('index.html')
    const frame = panel.locator('iframe')
    await frame.contentFrame().getByRole('heading', { name: 'Still' }).waitFor()
    expect(await frame.contentFrame().locator('body').innerText()).not.toContain('It moved')
    expect(await frame.getAttribute('sandbox')).toBe('')
    await open('pasted.txt')
    const text = await downloaded(page, () => panel.getByRole('button', { name: 'Download pasted.txt' }).click())
    expect(text.bytes.toString()).toBe(long)
    expect(await violations(page)).toEqual([])

    // On a phone the panel is a sheet over the thread.
    await page.setViewportSize({ width: 390, height: 844 })
    const sheet = page.getByRole('dialog', { name: "The agent's computer" })
    await sheet.getByRole('tab', { name: 'Files' }).waitFor()
    expect((await sheet.boundingBox())?.width).toBe(390)
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
    await page.getByRole('log').getByText('All is shown.').waitFor()
    // What the preview wanted from elsewhere was refused, and nobody was asked for it.
    expect(page.complaints.filter((text) => !text.includes('Content Security Policy'))).toEqual([])
  })
})
