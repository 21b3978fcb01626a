/** The settings, as a person uses them: an agent, a key, what was used, a secret. */
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { ended, openPage, service, submit, url, useBrowser } from './browser'

const SECTIONS = ['General', 'Agents', 'Members', 'API keys', 'Usage', 'Secrets', 'About'] as const

async function call(path: string, token: string, method = 'GET'): Promise<{ status: number; code: unknown }> {
  const answer = await fetch(url(path), { method, headers: { Authorization: `Bearer ${token}` } })
  const told = (await answer.json()) as { code?: unknown }
  return { status: answer.status, code: told.code }
}

describe.skipIf(service === null)('settings', () => {
  useBrowser()

  test('an agent is made, given a task, and asks as it was told; its use is counted', async () => {
    const page = await openPage()
    const name = `Analyst ${String(Date.now())}`
    await page.goto(url('/settings/agents'))
    await page.getByRole('link', { name: 'New agent' }).click()
    await page.getByLabel('Name').fill(name)
    await page.getByLabel('Instructions').fill('Be brief.')
    await page
      .getByRole('group', { name: 'All of shell' })
      .getByRole('radio', { name: 'Ask first' })
      .check({ force: true })
    await page.getByRole('group', { name: 'Network' }).getByText('Some hosts').click()
    const wrong = page.getByRole('alert')
    const refused = async (field: string, bad: string, says: string, good: string): Promise<void> => {
      const box = page.getByRole('textbox', { name: field })
      await box.fill(bad)
      await page.getByRole('button', { name: 'Make the agent' }).click()
      await wrong.getByText(says).waitFor()
      // There it is said, read aloud, and mended at once.
      await expect.poll(() => box.evaluate((element) => element === document.activeElement)).toBe(true)
      expect(await box.getAttribute('aria-invalid')).toBe('true')
      expect(await box.getAttribute('aria-describedby')).toContain((await wrong.getAttribute('id')) ?? 'no id')
      expect(await wrong.innerText()).not.toContain('settings.')
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('End')
      await box.fill(good)
      expect(await wrong.count()).toBe(0)
    }
    await refused('Hosts', 'pypi.org\nno host at all', '“no host at all” is no host', 'pypi.org')
    await refused('Also ask before', 'files.*\nshell(', '“shell(” is no pattern', '')
    await page.getByRole('button', { name: 'Make the agent' }).click()
    await page.getByRole('list', { name: 'Agents' }).getByText(name).waitFor()

    await page.getByRole('link', { name: 'New task' }).click()
    await page.getByRole('button', { name: 'Agent: No agent' }).click()
    await page.getByRole('menuitemcheckbox', { name }).click()
    await submit(page, 'Please show everything')
    await page.getByRole('button', { name: 'Approve', exact: true }).click()
    await ended(page)

    await page.goto(url('/settings/usage'))
    await page.getByRole('region', { name: 'By agent' }).getByText(name).waitFor()
    await page.getByRole('img', { name: /^Bars by day/ }).waitFor()
    await page.getByRole('group', { name: 'Period' }).getByRole('radio', { name: '7 days' }).check({ force: true })
    await page.getByRole('region', { name: 'By model' }).getByText('openai/scripted').waitFor()

    await page.goto(url('/settings/agents'))
    await page.getByRole('link', { name }).click()
    await page.getByRole('button', { name: `Delete ${name}` }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: `Delete ${name}` }).click()
    await page.keyboard.press('Enter')
    await page.getByRole('list', { name: 'Agents' }).or(page.getByText('No agents yet')).waitFor()
    expect(await page.getByText(name).count()).toBe(0)
    expect(page.complaints).toEqual([])
  })

  test('a key is shown once, works as far as it may, and ends at once when it is revoked', async () => {
    const page = await openPage()
    await page.goto(url('/settings/keys'))
    const make = async (name: string, scope: string): Promise<string> => {
      await page.getByLabel('Name').fill(name)
      await page.getByRole('radio', { name: scope }).check({ force: true })
      await page.keyboard.press('Enter')
      return page.getByLabel(`Copy the key “${name}” now`).inputValue()
    }
    const reads = await make('Reader', 'Read only')
    expect(await call('/v1/me', reads)).toEqual({ status: 200, code: undefined })
    expect(await call('/v1/threads', reads, 'POST')).toEqual({ status: 403, code: 'key_scope' })
    const writes = await make('Writer', 'Read and write')
    expect(await call('/v1/keys', writes)).toEqual({ status: 403, code: 'key_scope' })
    expect((await call('/v1/threads', writes)).status).toBe(200)
    await page.getByText(`Bearer ${writes}`).waitFor()
    await page.getByRole('button', { name: 'Revoke Writer' }).click()
    await page.getByRole('group', { name: 'Revoke Writer?' }).getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('button', { name: 'Revoke Writer' }).waitFor({ state: 'detached' })
    expect(await call('/v1/me', writes)).toEqual({ status: 401, code: 'key_revoked' })
    expect(await page.content()).not.toContain(writes)
    await page.reload()
    await page
      .getByRole('list', { name: 'API keys' })
      .getByText(/Read only · expires .* · used/)
      .waitFor()
    expect(await page.content()).not.toContain(reads)
    await page.getByRole('button', { name: 'Revoke Reader' }).click()
    await page.keyboard.press('Enter')
    await page.getByText('No keys yet').waitFor()
  })

  test('a secret is set, moved and forgotten; its value never comes back', async () => {
    const page = await openPage()
    await page.goto(url('/settings/secrets'))
    await page.getByRole('button', { name: 'Add a secret' }).click()
    await page.getByLabel('Name').fill('lower case')
    await page.getByLabel('Value').fill('s3cret-of-mine')
    await page.getByRole('textbox', { name: 'Hosts' }).fill('api.example.com')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('GITHUB_TOKEN').waitFor()
    await page.getByLabel('Name').fill('SHOP_TOKEN')
    await page.getByRole('button', { name: 'Save' }).click()
    const list = page.getByRole('list', { name: 'Secrets' })
    await list.getByText('api.example.com').waitFor()
    await page.getByRole('button', { name: 'Change SHOP_TOKEN' }).click()
    await page.getByRole('textbox', { name: 'Hosts' }).fill('*.example.org')
    await page.getByRole('button', { name: 'Save' }).click()
    await list.getByText('*.example.org').waitFor()
    expect(await page.content()).not.toContain('s3cret-of-mine')
    await page.getByRole('button', { name: 'Delete SHOP_TOKEN' }).click()
    await page.keyboard.press('Enter')
    await page.getByText('No secrets yet').waitFor()
  })

  test('every section is reached, and offends axe nowhere, in both themes and on a phone', async () => {
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 390],
    ] as const) {
      const page = await openPage({ colorScheme, viewport: { width, height: 844 } })
      await page.goto(url())
      if (width < 860) await page.getByRole('button', { name: 'Threads', exact: true }).click()
      await page.getByRole('button', { name: 'Settings' }).click()
      for (const section of SECTIONS) {
        await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: section }).click()
        await page.getByRole('heading', { name: section, exact: true }).waitFor()
        await page.getByText('Loading').waitFor({ state: 'detached' })
        expect(await violations(page), section).toEqual([])
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect(over, section).toBeLessThanOrEqual(0)
      }
      await page.goto(url('/settings/agents/new'))
      await page.getByRole('button', { name: /^files/ }).click()
      await page.getByRole('group', { name: 'read_file' }).waitFor()
      // The form scrolls, and never the page around it.
      expect(await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight)).toBeLessThanOrEqual(
        0,
      )
      expect(await violations(page), 'form').toEqual([])
      expect(page.complaints).toEqual([])
    }
  })
})
