/** What the agent says and does, while it comes and afterwards; and what a person takes along of it. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { api, downloaded, ended, openPage, service, submit, threadOf, url, useBrowser } from './browser'

interface Seen {
  readonly bold: boolean
  readonly fence: boolean
  readonly marks: boolean
  readonly open: boolean
  readonly said: readonly string[]
}

/** Looks at the page after each of its changes, since what is half written is there for a moment only. */
async function observe(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { bold: false, fence: false, marks: false, open: false, said: [''] }
    Object.assign(window, { seen })
    const look = (): void => {
      const log = document.querySelector('[role=log]')
      const text = log?.textContent ?? ''
      if (!text.includes('and done') && log?.querySelector('[data-streamdown=strong], strong')) seen.bold = true
      if (!text.includes('Name') && log?.querySelector('pre')?.textContent.includes('return')) seen.fence = true
      if (/\*\*|```/.test(text)) seen.marks = true
      if (text.includes('First I weigh both ways.')) seen.open = true
      const status = [...document.querySelectorAll('[role=status]')].map((element) => element.textContent).join('')
      if (status !== seen.said.at(-1)) seen.said.push(status)
    }
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
  })
}

describe.skipIf(service === null)('reading', () => {
  useBrowser()

  test('an answer is whole at each moment; code, tables, thoughts and calls can be opened and taken along', async () => {
    const page = await openPage({ permissions: ['clipboard-read', 'clipboard-write'] })
    const pasted = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText())
    await page.goto(url())
    await page.waitForFunction(() =>
      performance.getEntriesByType('resource').some(({ name }) => name.includes('/assets/rendered-')),
    )
    await observe(page)
    await submit(page, 'Please think, then explain')
    const log = page.getByRole('log')
    const terminal = page.getByRole('region', { name: 'Terminal' })
    await log.getByRole('button', { name: /^Run seq 300; .* running/ }).waitFor({ timeout: 60_000 })
    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Terminal' }).click()
    // A command's colours are shown while it runs, and later too.
    const green = (): Promise<string> =>
      terminal.getByText('green', { exact: true }).evaluate((element) => getComputedStyle(element).color)
    const shown = await green()
    expect(shown).not.toBe(await terminal.evaluate((element) => getComputedStyle(element).color))
    await page.keyboard.press('Control+j')
    await api(`/threads/${threadOf(page)}/files/go`, 'PUT', 'now')
    await ended(page)
    await log.getByText('All is explained.').waitFor()
    const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen)
    // Half of a word's marks, or of a block, is never shown as such.
    expect(seen).toMatchObject({ bold: true, fence: true, marks: false, open: true })
    // A screen reader is told how the task stands, and never each word.
    expect(seen.said.length).toBeLessThan(8)

    // What it thought is put away when it speaks.
    const thought = log.getByRole('region', { name: 'Reasoning' })
    expect(await thought.count()).toBe(0)
    await log.getByRole('button', { name: 'Thought about it' }).click()
    await thought.getByText('First I weigh both ways.').waitFor()

    const code = log.getByLabel('Code, python')
    await expect
      .poll(() =>
        code.locator('span').evaluateAll((all) => new Set(all.map((one) => getComputedStyle(one).color)).size),
      )
      .toBeGreaterThan(2)
    await log.getByRole('button', { name: 'Copy code' }).click()
    await log.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await pasted()).toBe('def double(x):\n    return 2 * x')
    const program = await downloaded(page, () => log.getByRole('button', { name: 'Download code' }).click())
    expect(program).toEqual({ name: 'code.py', bytes: Buffer.from('def double(x):\n    return 2 * x') })

    await log.getByRole('region', { name: 'Table' }).hover()
    await log.getByRole('button', { name: 'Copy table' }).click()
    await expect.poll(pasted).toMatch(/\| one, or so\s*\| 1\s*\|/)
    const rows = await downloaded(page, () => log.getByRole('button', { name: 'Download as CSV' }).click())
    expect(rows).toEqual({ name: 'table.csv', bytes: Buffer.from('Name,Value\n"one, or so",1\ntwo,2') })

    // A call: what, with what, how it ended and how long it took; opened, and as the machine has it.
    const call = log.getByRole('button', { name: /^Run seq 300; .* \d+(\.\d+)? (ms|s) done$/ })
    await call.click()
    await log.getByRole('button', { name: 'Raw' }).click()
    await log.getByLabel('Arguments').getByText('"command": "seq 300;').waitFor()
    expect(await violations(page)).toEqual([])
    await log.getByRole('button', { name: 'Show in the terminal' }).click()
    const above = (): Promise<number> => terminal.evaluate((element) => element.scrollTop)
    expect(await above()).toBeGreaterThan(1_000)
    await terminal.focus()
    await page.keyboard.press('Home')
    await expect.poll(above).toBe(0)
    expect(await green()).toBe(shown)
    await page.reload()
    await page.getByRole('tab', { name: 'Terminal' }).click()
    expect(await green()).toBe(shown)
    expect(page.complaints).toEqual([])
  })

  test('a command that ended badly is told from one that did not, wherever it is shown', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please end badly')
    await ended(page)
    const log = page.getByRole('log')
    const lasted = '\\d+(\\.\\d+)? (ms|s)'
    for (const [call, how] of [
      ['Run printf .nothing.*; exit 3', 'ended with exit code 3 LASTED'],
      ['Run sleep 30', 'timed out LASTED'],
      ['Run \\(exit 4\\)', 'ended with exit code 4 LASTED'],
      ['Python 1 / 0', 'ended with exit code 1 LASTED'],
      ['Run printf .all is well.*', 'LASTED done'],
    ] as const)
      await log.getByRole('button', { name: new RegExp(`^${call} ${how.replace('LASTED', lasted)}$`) }).waitFor()
    expect(await violations(page)).toEqual([])

    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Progress' }).click()
    const steps = page.getByRole('tabpanel').getByRole('listitem')
    await expect
      .poll(() => steps.allInnerTexts())
      .toEqual([
        expect.stringMatching(/exit 3/),
        expect.stringMatching(/timed out/),
        expect.stringMatching(/exit 4/),
        expect.stringMatching(/exit 1/),
        expect.not.stringMatching(/exit|timed out/),
        expect.not.stringMatching(/exit|timed out/),
      ])
    await page.getByRole('tab', { name: 'Terminal' }).click()
    const terminal = page.getByRole('region', { name: 'Terminal' })
    await terminal.getByText('ended with exit code 3').waitFor()
    await terminal.getByText('ended with exit code 4').waitFor()
    await terminal.getByText('timed out', { exact: true }).waitFor()
    await terminal.getByText('all is well').last().waitFor()
    expect(await terminal.innerText()).not.toMatch(/\[(exit code|timed out)/)
    expect(await violations(page)).toEqual([])

    // What tools keep for themselves is no file among others, and opens where it is named.
    await page.getByRole('tab', { name: 'Files' }).click()
    await page.getByRole('tabpanel').getByText('The workspace is empty').waitFor()
    await log.getByRole('button', { name: /^Create \.factotum/ }).click()
    await log.getByRole('button', { name: 'Show in the files' }).click()
    await page.getByRole('tabpanel').getByText('All of a long output.').waitFor()
    expect(page.complaints).toEqual([])
  })
})
