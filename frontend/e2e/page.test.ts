import { violations } from './axe'
import { describe, expect, test } from 'vitest'
import { api, choose, ended, openPage, service, submit, url, useBrowser } from './browser'

describe.skipIf(service === null)('the page on the real service', () => {
  useBrowser()

  test('the printed address signs in, once', async () => {
    const page = await openPage({}, false)
    await page.goto(url(`/#code=${service?.code ?? ''}`))
    await page.getByRole('heading', { name: 'What shall I do for you?' }).waitFor()
    expect(page.url()).not.toContain('code')
    const stranger = await openPage({}, false)
    await stranger.goto(url(`/#code=${service?.code ?? ''}`))
    await stranger.getByText('This code is not valid').waitFor()
    await stranger.getByLabel('Access token').fill('wrong')
    await stranger.getByRole('button', { name: 'Sign in' }).click()
    await stranger.getByText('The service does not take this token').waitFor()
    await stranger.getByLabel('Access token').fill(service?.token ?? '')
    await stranger.getByRole('button', { name: 'Sign in' }).click()
    await stranger.getByRole('heading', { name: 'What shall I do for you?' }).waitFor()
  })

  test('from the first minute to delivered files', async () => {
    const page = await openPage()
    await page.goto(url())
    await page.getByRole('button', { name: /Primes and a plot/ }).click()
    await ended(page)
    const results = page.getByRole('list', { name: 'Results' })
    await results.getByRole('button', { name: /^primes\.csv/ }).click()
    await page.getByRole('tabpanel').getByRole('cell', { name: '71' }).waitFor()
    const download = page.waitForEvent('download')
    await results.getByRole('button', { name: 'Download primes.png' }).click()
    expect((await download).suggestedFilename()).toBe('primes.png')
    await page.getByRole('tab', { name: 'Terminal' }).click()
    await page.getByRole('region', { name: 'Terminal' }).getByText('python3 primes.py').first().waitFor()
    await page.getByRole('tab', { name: 'Progress' }).click()
    await page.getByRole('progressbar', { name: 'Plan' }).waitFor()
    expect(page.complaints).toEqual([])
  })

  test('stop says what was not executed', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Please wait for ever')
    await page.getByRole('button', { name: /Run sleep 300.*running/ }).waitFor()
    const here = page.getByRole('navigation').locator(`a[href="${new URL(page.url()).pathname}"]`)
    await here.filter({ hasText: 'Please wait for ever' }).waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText(/^Stopped\./).waitFor({ timeout: 20_000 })
    await page.getByRole('listitem').filter({ hasText: 'never.txt' }).waitFor()
  })

  test('a question is a form', async () => {
    const page = await openPage()
    await page.goto(url())
    await submit(page, 'Ask me which colour')
    const form = page.getByRole('form', { name: /Which colour/ })
    await form.getByRole('radio', { name: 'Blue' }).check()
    await form.getByRole('button', { name: 'Answer' }).click()
    await page.getByText('It is done in your colour.').waitFor()
    await ended(page)
    expect(await form.count()).toBe(0)
  })

  test('a call that a rule asks about waits for a click', async () => {
    const page = await openPage()
    const ask = async (path: string, data: object): Promise<string> => {
      const headers = { Authorization: `Bearer ${service?.token ?? ''}` }
      const answer = await page.request.post(url(path), { headers, data })
      return ((await answer.json()) as { id: string }).id
    }
    const thread = await ask('/v1/threads', { title: '' })
    const task = { input: 'Please show everything', options: { policy: { ask: ['shell'] } } }
    await ask(`/v1/threads/${thread}/runs`, task)
    await page.goto(url(`/t/${thread}`))
    const call = page.getByRole('group', { name: 'shell' })
    await call.getByText('command: printf').waitFor()
    expect(await violations(page)).toEqual([])
    await call.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('All is shown.').waitFor()
    await ended(page)
    expect(await call.count()).toBe(0)
    await page.getByRole('heading', { name: /show everything/i }).waitFor()
  })

  test('files go with a task', async () => {
    const page = await openPage()
    await page.goto(url())
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'note.md', mimeType: 'text/markdown', buffer: Buffer.from('# Hello\n') })
    await submit(page, 'Ask me which colour')
    await page.getByText('Attached files, in the workspace: note.md').waitFor()
    await page.keyboard.press('Control+j')
    await page.getByRole('tab', { name: 'Files' }).click()
    await page.getByRole('button', { name: /note\.md/ }).click()
    await page.getByRole('tabpanel').getByRole('heading', { name: 'Hello' }).waitFor()
  })

  test('a panel in which there is nothing says what will stand there', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openPage({ colorScheme })
      const { id } = await api<{ id: string }>('/threads', 'POST', { title: 'Empty' })
      await page.goto(url(`/t/${id}`))
      await page.getByRole('heading', { name: 'Nothing here yet' }).waitFor()
      await page.keyboard.press('Control+j')
      for (const [tab, title] of [
        ['Progress', 'No steps yet'],
        ['Terminal', 'Nothing was run yet'],
        ['Browser', 'The browser was not used yet'],
        ['Files', 'The workspace is empty'],
        ['Changes', 'No changes yet'],
      ] as const) {
        await page.getByRole('tab', { name: tab }).click()
        const said = page.getByRole('tabpanel').getByText(title)
        await said.waitFor()
        // In the middle of it, wherever it is.
        const middle = (box: { x: number; width: number } | null): number => (box?.x ?? 0) + (box?.width ?? 0) / 2
        const off = middle(await said.boundingBox()) - middle(await page.getByRole('tabpanel').boundingBox())
        expect(Math.abs(off), tab).toBeLessThan(2)
        expect(await violations(page), tab).toEqual([])
      }
      expect(page.complaints).toEqual([])
    }
  })

  test('threads are found, renamed, pinned, archived and deleted', async () => {
    const page = await openPage()
    const title = `Unmistakable ${String(Date.now())}`
    await page.goto(url())
    await submit(page, 'Please show everything')
    await ended(page)
    const here = page.locator('a[aria-current=page]')
    const item = page.getByRole('navigation').getByRole('listitem').filter({ has: here })
    await item.getByText(/show everything/i).waitFor()
    await item.hover()
    await choose(page, item.getByRole('button', { name: /^More for/ }), 'Rename')
    await page.getByRole('textbox', { name: 'Title' }).fill(title)
    await page.keyboard.press('Enter')
    await page.getByLabel('Search threads').fill(title.toLowerCase())
    const renamed = page.getByRole('navigation').getByRole('listitem').filter({ hasText: title })
    // The list of what was found takes the place of the list that was there.
    await expect.poll(() => page.getByRole('navigation').getByRole('listitem').count()).toBe(1)
    await page.waitForTimeout(500)
    await renamed.waitFor()
    await renamed.hover()
    await choose(page, renamed.getByRole('button', { name: /^More for/ }), 'Pin')
    await page.getByLabel('Search threads').fill('')
    await page.getByRole('list', { name: 'Pinned' }).getByText(title).waitFor()
    expect(await page.getByRole('list', { name: 'Threads', exact: true }).getByText(title).count()).toBe(0)
    await choose(page, page.getByRole('button', { name: 'More for this thread' }), 'Archive')
    await page.getByRole('list', { name: 'Pinned' }).getByText(title).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Archived' }).click()
    await page.getByRole('list', { name: 'Archived threads' }).getByText(title).waitFor()
    expect(await violations(page)).toEqual([])
    const away = page.getByRole('list', { name: 'Archived threads' }).getByRole('listitem').filter({ hasText: title })
    const remove = async (): Promise<void> => {
      await away.first().hover()
      await choose(page, away.getByRole('button', { name: `More for ${title}` }), 'Delete')
      await away.waitFor({ state: 'detached' })
    }
    await remove()
    expect(page.url()).toBe(url())
    await page
      .getByText(`“${title}” was deleted`)
      .locator('xpath=ancestor::li')
      .getByRole('button', { name: 'Undo' })
      .click()
    await away.getByText(title).waitFor()
    await remove()
    // Who leaves does not take it back any more.
    await page.reload()
    await page.getByLabel('Search threads').fill(title)
    await page.getByText('No thread has such a title').waitFor()
  })

  test('nothing leaves the origin, and nothing offends axe, in both themes', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openPage({ colorScheme })
      await page.goto(url())
      await page.getByText('will do it').waitFor()
      expect(await violations(page)).toEqual([])
      await submit(page, 'Please show everything')
      await ended(page)
      await page.getByRole('button', { name: /^Run printf/ }).click()
      expect(await violations(page)).toEqual([])
      for (const tab of ['Progress', 'Terminal', 'Files', 'Changes']) {
        if (!(await page.getByRole('tab', { name: tab }).isVisible()))
          await page.getByRole('button', { name: "The agent's computer" }).click()
        await page.getByRole('tab', { name: tab }).click()
        expect(await violations(page), tab).toEqual([])
      }
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Search commands').waitFor()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.setViewportSize({ width: 390, height: 844 })
      expect(await violations(page), 'phone').toEqual([])
      expect(page.complaints).toEqual([])
      const stranger = await openPage({ colorScheme }, false)
      await stranger.goto(url())
      await stranger.getByLabel('Access token').waitFor()
      expect(await violations(stranger)).toEqual([])
    }
  })
})
