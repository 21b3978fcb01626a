import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { docx, pdf, xlsx } from '../tests/made-files'
import { violations } from './axe'
import type { Watched } from './browser'
import { openPage, service, url, useBrowser } from './browser'

const FILES = {
  'report.pdf': pdf(Array.from({ length: 40 }, (_, n) => `This is page ${String(n + 1)}`)),
  'locked.pdf': pdf(['secret'], true),
  'broken.pdf': Buffer.from('%PDF-1.4\nnothing more'),
  'report.docx': docx('The year', ['https://example.com/more', 'javascript:alert(1)']),
  'broken.docx': Buffer.from('no archive'),
  'locked.xlsx': Buffer.from('d0cf11e0a1b11ae1' + '00'.repeat(600), 'hex'),
  'sums.xlsx': xlsx({
    Sums: [
      ['Month', 'Total'],
      ['May', 1250.5],
    ],
    Notes: [['Nothing to add']],
  }),
  'talk.pptx': Buffer.from('PK\x03\x04\0\0'),
}

/** A thread with these files in its workspace. */
async function withFiles(page: Watched): Promise<string> {
  const headers = { Authorization: `Bearer ${service?.token ?? ''}` }
  const made = await page.request.post(url('/v1/threads'), { headers, data: { title: 'Files' } })
  const { id } = (await made.json()) as { id: string }
  for (const [name, data] of Object.entries(FILES)) {
    const put = await page.request.put(url(`/v1/threads/${id}/files/${name}`), { headers, data })
    expect(put.ok(), name).toBe(true)
  }
  return url(`/t/${id}`)
}

async function look(page: Page, name: string): Promise<void> {
  const back = page.getByRole('button', { name: 'Back to all files' })
  if (await back.isVisible()) await back.click()
  await page.getByRole('tabpanel').getByRole('button', { name }).click()
}

/** Whether something is within what is seen of the document around it. */
async function isSeen(words: Locator): Promise<boolean> {
  return words.evaluate((element) => {
    const { top = 0, bottom = 0 } = element.closest('[tabindex="0"]')?.getBoundingClientRect() ?? {}
    const box = element.getBoundingClientRect()
    return box.top >= top && box.bottom <= bottom
  })
}

describe.skipIf(service === null)('files are shown', () => {
  useBrowser()

  test('PDF, documents and workbooks; what cannot be shown says why', async () => {
    const page = await openPage()
    await page.goto(await withFiles(page))
    await page.getByLabel('Your task').waitFor()
    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Files' }).click()
    const panel = page.getByRole('tabpanel')

    await look(page, 'report.pdf')
    await panel.getByText('This is page 1', { exact: true }).waitFor()
    const drawn = () => panel.locator('canvas').count()
    expect(await drawn()).toBeLessThan(8)
    const inked = await panel
      .locator('canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
        return data.filter((value) => value < 100).length
      })
    expect(inked).toBeGreaterThan(100)
    expect(await violations(page)).toEqual([])
    const number = panel.getByRole('textbox', { name: 'Page' })
    await number.fill('30')
    await number.press('Enter')
    await panel.getByText('This is page 30', { exact: true }).waitFor()
    expect(await drawn()).toBeLessThan(8)
    await panel.getByRole('region', { name: 'report.pdf' }).focus()
    await page.keyboard.press('ArrowRight')
    await panel.getByText('This is page 31', { exact: true }).waitFor()
    await expect.poll(() => number.inputValue()).toBe('31')
    const width = async () => (await panel.getByRole('region', { name: 'Page 31' }).boundingBox())?.width ?? 0
    const before = await width()
    const words = panel.getByText('This is page 31', { exact: true })
    for (const [key, isThere] of [
      ['+', (now: number) => now > before],
      ['+', (now: number) => now > before * 1.2],
      ['-', (now: number) => now > before],
      ['0', (now: number) => now === before],
    ] as const) {
      await page.keyboard.press(key)
      await expect.poll(async () => isThere(await width())).toBe(true)
      await expect.poll(() => isSeen(words)).toBe(true)
      expect(await number.inputValue(), key).toBe('31')
    }

    await look(page, 'report.docx')
    await panel.getByRole('heading', { name: 'The year' }).waitFor()
    await panel.getByRole('cell', { name: 'two' }).waitFor()
    expect(await panel.getByRole('link').count()).toBe(1)
    expect(await panel.getByRole('link', { name: 'link 0' }).getAttribute('target')).toBe('_blank')
    expect(await violations(page)).toEqual([])

    await look(page, 'sums.xlsx')
    await panel.getByRole('columnheader', { name: 'B' }).waitFor()
    await panel.getByRole('cell', { name: '1250.5' }).waitFor()
    expect(await violations(page)).toEqual([])
    await panel.getByRole('button', { name: 'Notes' }).click()
    await panel.getByRole('cell', { name: 'Nothing to add' }).waitFor()

    for (const [name, says] of [
      ['locked.pdf', 'has a password'],
      ['broken.pdf', 'is damaged'],
      ['broken.docx', 'is damaged'],
      ['locked.xlsx', 'has a password'],
      ['talk.pptx', 'cannot be shown'],
    ] as const) {
      await look(page, name)
      await panel.getByRole('status').getByText(says).waitFor()
      const download = page.waitForEvent('download')
      await panel.getByRole('button', { name: 'Download', exact: true }).click()
      expect((await download).suggestedFilename()).toBe(name)
    }
    expect(page.complaints).toEqual([])
  })
})
