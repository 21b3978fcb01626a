/** A whole conversation with the keyboard alone: no mouse is touched here, and nothing is focused but by keys. */
import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { api, ended, openPage, service, url, useBrowser } from './browser'

/** Goes on with Tab (or back, with Shift and Tab) until something has the focus. */
async function reach(page: Page, wanted: Locator, key = 'Tab'): Promise<void> {
  await wanted.waitFor({ timeout: 30_000 })
  for (let left = 300; left > 0; left--) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press(key)
  }
  throw new Error(`${String(wanted)} is not reached by ${key}`)
}

async function press(page: Page, wanted: Locator, key = 'Tab'): Promise<void> {
  await reach(page, wanted, key)
  await page.keyboard.press('Enter')
}

/** Goes down an open menu to what begins so, and takes it. */
async function take(page: Page, wanted: Locator): Promise<void> {
  await reach(page, wanted, 'ArrowDown')
  await page.keyboard.press('Enter')
}

async function command(page: Page, words: string, name: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Search commands').waitFor()
  await page.keyboard.type(words)
  await page.getByRole('option', { name, exact: true, selected: true }).waitFor()
  await page.keyboard.press('Enter')
}

describe.skipIf(service === null)('the keyboard alone', () => {
  useBrowser()

  test('makes an agent, gives it a task, approves, answers, edits, shares, and takes it all back', async () => {
    const page = await openPage()
    const name = `Keys ${String(Date.now())}`
    await page.goto(url())
    await page.getByText('will do it').waitFor()
    await command(page, 'settings agents', 'Settings: Agents')
    await press(page, page.getByRole('link', { name: 'New agent' }))
    await reach(page, page.getByLabel('Name'))
    await page.keyboard.type(name)
    const leave = page.getByRole('group', { name: 'All of shell' })
    await reach(page, leave.getByRole('radio', { checked: true }))
    await page.keyboard.press('ArrowRight')
    expect(await leave.getByRole('radio', { name: 'Ask first' }).isChecked()).toBe(true)
    await press(page, page.getByRole('button', { name: 'Make the agent' }))
    await page.getByRole('list', { name: 'Agents' }).getByText(name).waitFor()

    await page.keyboard.press('Control+Shift+o')
    await page.getByText('will do it').waitFor()
    await press(page, page.getByRole('button', { name: 'Agent: No agent' }))
    await take(page, page.getByRole('menuitemcheckbox', { name }))
    await page.getByRole('button', { name: `Agent: ${name}` }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('Please show everything')
    await page.keyboard.press('Enter')
    await press(page, page.getByRole('button', { name: 'Approve', exact: true }), 'Shift+Tab')
    await page.getByText('All is shown.').waitFor({ timeout: 30_000 })
    await ended(page)

    const log = page.getByRole('log')
    const call = log.getByRole('button', { name: /^Run printf/ })
    await reach(page, call, 'Shift+Tab')
    await page.keyboard.press('Space')
    await press(page, log.getByRole('button', { name: 'Raw' }))
    await log.getByLabel('Arguments').waitFor()
    await reach(page, log.getByRole('button', { name: 'Download as CSV' }), 'Shift+Tab')
    await press(page, log.getByRole('button', { name: 'Edit and ask again' }), 'Shift+Tab')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('Ask me which colour')
    await page.keyboard.press('Enter')
    const form = page.getByRole('form', { name: /Which colour/ })
    await reach(page, form.getByRole('radio', { name: 'Red' }))
    await page.keyboard.press('ArrowDown')
    expect(await form.getByRole('radio', { name: 'Blue' }).isChecked()).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByText('It is done in your colour.').waitFor({ timeout: 30_000 })
    await ended(page)

    await page.keyboard.press('Control+j')
    await reach(page, page.getByRole('tab', { selected: true }))
    await page.keyboard.press('End')
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('tabpanel', { name: 'Terminal' }).waitFor()
    await page.keyboard.press('Control+j')

    const more = page.getByRole('button', { name: 'More for this thread' })
    await press(page, more, 'Shift+Tab')
    await take(page, page.getByRole('menuitem', { name: 'Share' }))
    await press(page, page.getByRole('button', { name: 'Make a link' }))
    await page.getByLabel('Copy the link now').waitFor()
    await press(page, page.getByRole('button', { name: /^Revoke the link/ }))
    await page.getByRole('list', { name: 'Links' }).waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await press(page, more, 'Shift+Tab')
    await take(page, page.getByRole('menuitem', { name: 'Delete' }))
    await page.getByRole('heading', { name: 'What shall I do for you?' }).waitFor()
    const { items } = await api<{ items: { id: string; name: string }[] }>('/agents')
    const made = items.find((agent) => agent.name === name)
    expect(made).toBeDefined()
    await api(`/agents/${made?.id ?? ''}`, 'DELETE')
    expect(page.complaints).toEqual([])
  })
})
