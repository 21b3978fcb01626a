/** What a person chooses reaches the run, and what they allow is what happens. */
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { api, ended, openPage, service, threadOf, url, useBrowser } from './browser'

interface Runs {
  readonly items: readonly {
    readonly model: string
    readonly options: { readonly effort?: string; readonly budget?: { readonly cost_usd?: number } }
  }[]
}

describe.skipIf(service === null)('choosing', () => {
  useBrowser()

  test('the model, how much it thinks and what it may cost reach the run; the theme stays', async () => {
    const page = await openPage({ colorScheme: 'light' })
    await page.goto(url())
    await page.getByText('will do it').waitFor()
    // Commands by name, and the list of keys.
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Search commands').fill('anthropic/scr')
    await page.getByRole('option', { name: 'anthropic/scripted' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Model: anthropic/scripted' }).click()
    await page.getByRole('menuitemcheckbox', { name: /^openai\/scripted/ }).click()
    await page.getByRole('button', { name: 'Model: openai/scripted' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Search commands').fill('anthropic/scr')
    await page.getByRole('option', { name: 'anthropic/scripted' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Options', exact: true }).click()
    const options = page.getByRole('dialog', { name: 'Options of the next task' })
    await options
      .getByRole('group', { name: 'How much it thinks' })
      .getByRole('radio', { name: 'High' })
      .check({ force: true })
    await options.getByRole('radio', { name: '$0.50' }).check({ force: true })
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('?')
    const sheet = page.getByRole('dialog', { name: 'Shortcuts' })
    await sheet.getByText('Show or hide the threads').waitFor()
    expect(await sheet.getByRole('term').count()).toBe(8)
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await page.keyboard.type('Please show everything')
    await page.keyboard.press('Enter')
    await ended(page)
    const { items } = await api<Runs>(`/threads/${threadOf(page)}/runs`)
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({
      model: 'anthropic/scripted',
      options: { effort: 'high', budget: { cost_usd: 0.5 } },
    })
    await page.getByRole('button', { name: /used in this thread/ }).click()
    const meter = page.getByRole('dialog', { name: 'Usage of this thread' })
    for (const row of ['Input', 'Output', 'Cost', 'Context', '$0.50']) await meter.getByText(row).first().waitFor()
    await page.keyboard.press('Escape')

    const isDark = (): Promise<boolean> => page.evaluate(() => document.documentElement.classList.contains('dark'))
    expect(await isDark()).toBe(false)
    await page.getByRole('button', { name: 'Personal' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Dark' }).click()
    await page.reload()
    expect(await isDark()).toBe(true)
    await page.getByRole('button', { name: 'Personal' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'As the system' }).click()
    expect(await isDark()).toBe(false)
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(isDark).toBe(true)
  })

  test('a call is changed, refused, or allowed from now on', async () => {
    const page = await openPage()
    const { id } = await api<{ id: string }>('/threads', 'POST', { title: '' })
    await api(`/threads/${id}/runs`, 'POST', {
      input: 'Please run four commands',
      options: { policy: { ask: ['shell'] } },
    })
    await page.goto(url(`/t/${id}`))
    const log = page.getByRole('log')
    const call = page.getByRole('group', { name: 'shell' })
    await call.getByText('one-was-run').waitFor({ timeout: 30_000 })
    await page.getByLabel('Your task').fill('Another one, please')
    await page.getByRole('status').getByText('Decide above first').waitFor()
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    await page.getByLabel('Your task').fill('')
    await call.getByRole('button', { name: 'Edit' }).click()
    const changed = call.getByRole('textbox', { name: 'Its arguments, as JSON' })
    await changed.fill('{"command": ')
    await call.getByRole('button', { name: 'Approve as changed' }).click()
    await call.getByRole('alert').getByText('This is no JSON object').waitFor()
    await changed.fill('{"command": 7}')
    await call.getByRole('button', { name: 'Approve as changed' }).click()
    await call
      .getByRole('alert')
      .getByText(/command/)
      .waitFor()
    await changed.fill('{"command": "echo something-else"}')
    await call.getByRole('button', { name: 'Approve as changed' }).click()

    await call.getByText('two-was-run').waitFor()
    await call.getByRole('button', { name: 'Deny' }).click()
    await call.getByText('three-was-run').waitFor()
    await call.getByRole('button', { name: 'Always in this thread' }).click()
    await log.getByText('I am through.').waitFor()
    await ended(page)
    expect(await call.count()).toBe(0)

    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Terminal' }).click()
    const said = await page.getByRole('region', { name: 'Terminal' }).innerText()
    const lines = said.split('\n').map((line) => line.trim())
    expect(lines).toContain('something-else')
    expect(lines).not.toContain('one-was-run')
    expect(lines).not.toContain('two-was-run')
    expect(lines).toContain('three-was-run')
    // Nobody was asked about the fourth.
    expect(lines).toContain('four-was-run')
    expect(page.complaints).toEqual([])
  })
})
