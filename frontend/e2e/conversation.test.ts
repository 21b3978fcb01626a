import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { conversation, deliver, ended, openPage, service, submit, url, useBrowser } from './browser'

describe.skipIf(service === null)('writing to the agent, and taking it back', () => {
  useBrowser()

  test('what is sent during a run is read after its step, now, or as the next task', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please wait for ever')
    // The first command of a service waits for its sandbox.
    await page.getByRole('button', { name: /Run sleep 300.*running/ }).waitFor({ timeout: 60_000 })
    await deliver(page, 'As the next task', 'And then show everything')
    await page.getByText('Queued: it begins').waitFor()
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    expect(await violations(page)).toEqual([])
    await page.getByRole('textbox', { name: 'The message' }).fill('And then ask me which colour')
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText('And then ask me which colour').waitFor()
    await deliver(page, 'As the next task', 'This is taken back')
    await page.getByRole('log').getByText('This is taken back').waitFor()
    await page.getByRole('button', { name: 'Withdraw' }).last().click()
    await page.getByRole('log').getByText('This is taken back').waitFor({ state: 'detached' })
    await deliver(page, 'After this step', 'Hear me out')
    await page.getByText('Sent: it is read next').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText(/action.* not executed/).waitFor({ timeout: 20_000 })
    // Its turn has come, with the text as it was changed.
    await page.getByText('Queued: it begins').waitFor({ state: 'detached' })
    await page.getByRole('log').getByText('And then ask me which colour').waitFor()
  })

  test('a message that is edited begins a branch, an answer can be had again, and all stay', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please show everything')
    await ended(page)
    const log = page.getByRole('log')
    await log.getByText('Please show everything').hover()
    await page.getByRole('button', { name: 'Edit and ask again' }).click()
    await page.getByRole('textbox', { name: 'The message' }).fill('A rich answer')
    await page.keyboard.press('Enter')
    await page.getByRole('list').filter({ hasText: 'example.org' }).waitFor()
    await page.getByRole('group', { name: 'Versions' }).getByText('2').first().waitFor()
    expect(await log.getByText('All is shown.').count()).toBe(0)
    await page.getByRole('button', { name: 'Previous of versions' }).click()
    await log.getByText('All is shown.').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('menuitem', { name: 'anthropic/scripted' }).click()
    await page.getByRole('group', { name: 'Tries' }).getByText('2').first().waitFor()
    await log.getByText(/anthropic\/scripted/).waitFor()
    await page.getByRole('button', { name: 'Previous of tries' }).click()
    await log.getByText(/openai\/scripted/).waitFor()
    // How long a call took is read a moment after its end.
    await log.getByRole('button', { name: /^Run printf.* \d+(\.\d+)? (ms|s) done$/ }).waitFor()
    const shown = await conversation(page)
    await page.reload()
    await expect.poll(() => conversation(page), { timeout: 10_000 }).toBe(shown)
  })

  test('the easy look says in plain words what is done; the plan and the changes are shown', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openPage({ colorScheme })
      await page.goto(url())
      await submit(page, 'Please work in steps')
      await page.getByRole('button', { name: /^Run it 1 of 2/ }).waitFor()
      await page.getByRole('button', { name: 'Show it in plain words' }).click()
      await page.getByRole('button', { name: /Running a command/ }).click()
      await page.getByRole('listitem').filter({ hasText: 'Wrote app.py' }).waitFor()
      await page.getByRole('region', { name: 'Plan' }).waitFor()
      expect(await violations(page)).toEqual([])
      await ended(page)
      await page.getByText('All steps are done.').waitFor()
      await page.getByRole('list', { name: 'Results' }).getByText('app.py').waitFor()
      await page.getByRole('button', { name: 'Show every detail' }).click()
      await page.getByRole('button', { name: "The agent's computer" }).click()
      await page.getByRole('tab', { name: 'Changes' }).click()
      await page.getByRole('region', { name: 'Changes of app.py' }).getByText('2', { exact: true }).first().waitFor()
      await page.getByRole('button', { name: /^Edit app.py/ }).click()
      expect(await violations(page)).toEqual([])
    }
  })

  test('formulas, diagrams and sources; a thread goes out as markdown and JSON', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'A rich answer')
    await ended(page)
    await page.locator('.katex').first().waitFor()
    await page.getByText('It costs $5 or $6.').waitFor()
    await page.getByRole('img', { name: /^Diagram/ }).waitFor()
    await page.getByText('diagram that cannot be drawn').waitFor()
    await page
      .getByRole('region', { name: 'Sources' })
      .getByRole('link', { name: /Primes/ })
      .waitFor()
    expect(await violations(page)).toEqual([])
    for (const [name, file] of [
      ['Export as markdown', /\.md$/],
      ['Export as JSON', /\.json$/],
    ] as const) {
      await page.getByRole('button', { name: 'More for this thread' }).click()
      const download = page.waitForEvent('download')
      await page.getByRole('menuitem', { name }).click()
      expect((await download).suggestedFilename()).toMatch(file)
    }
    expect(page.complaints).toEqual([])
  })

  test('a budget that is used up is extended by what the person gives', async () => {
    const page = await openPage()
    const ask = async (path: string, data: object): Promise<string> => {
      const headers = { Authorization: `Bearer ${service?.token ?? ''}` }
      const answer = await page.request.post(url(path), { headers, data })
      return ((await answer.json()) as { id: string }).id
    }
    const thread = await ask('/v1/threads', { title: '' })
    await ask(`/v1/threads/${thread}/runs`, {
      input: 'Please show everything',
      options: { budget: { steps: 1 } },
    })
    await page.goto(url(`/t/${thread}`))
    await page.getByRole('spinbutton', { name: 'Steps more' }).fill('5')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Extend and go on' }).click()
    await page.getByText('All is shown.').waitFor()
    await ended(page)
    await page.getByRole('button', { name: /used in this thread/ }).click()
    await page.getByText('2 of 6').waitFor()
  })
})
