import { describe, expect, test } from 'vitest'
import { openPage, service, url, useBrowser } from './browser'

const FIRST_LOAD = 300_000
const MOST_NODES = 400
const MESSAGES = 10_000

describe.skipIf(service === null)('the bounds of the page', () => {
  useBrowser()

  test('the first load is at most 300 kB, compressed', async () => {
    const index = await (await fetch(url(), { headers: { Accept: 'text/html' } })).text()
    const named = [...index.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1] ?? '')
    const page = await openPage()
    const fonts: string[] = []
    page.on('request', (request) => {
      if (request.resourceType() === 'font') fonts.push(new URL(request.url()).pathname)
    })
    await page.goto(url())
    await page.getByText('will do it').waitFor()
    let bytes = 0
    for (const path of new Set([...named, ...fonts])) {
      const { headers } = await fetch(url(path), { headers: { 'Accept-Encoding': 'gzip' } })
      bytes += Number(headers.get('content-length'))
    }
    console.log(`first load: ${(bytes / 1000).toFixed(0)} kB in ${String(named.length + fonts.length)} files`)
    expect(bytes).toBeGreaterThan(100_000)
    expect(bytes).toBeLessThanOrEqual(FIRST_LOAD)
  })

  test('a thread of 10,000 messages has few nodes, wherever one looks', async () => {
    const page = await openPage()
    const thread = '0190a0a0-0000-7000-8000-000000000002'
    const at = '2026-01-02T03:04:05Z'
    // What stands in the sidebar depends on the tests before.
    await page.route('**/v1/threads?**', (route) => route.fulfill({ json: { items: [], next: null } }))
    await page.route(`**/v1/threads/${thread}**`, async (route) => {
      const { pathname, searchParams } = new URL(route.request().url())
      if (pathname.endsWith('/runs')) return route.fulfill({ json: { items: [], next: null } })
      if (!pathname.endsWith('/messages'))
        return route.fulfill({
          json: {
            id: thread,
            account_id: 'a',
            project_id: 'p',
            agent_id: null,
            title: 'Long',
            last_position: MESSAGES,
            created_at: at,
            updated_at: at,
          },
        })
      const before = searchParams.get('before')
      const last = before === 'end' ? MESSAGES : Number(before) - 1
      const after = Math.max(0, last - Number(searchParams.get('limit')))
      const items = Array.from({ length: last - after }, (_, n) => {
        const position = after + n + 1
        const role = position % 2 === 1 ? 'user' : 'assistant'
        return {
          id: `m${String(position)}`,
          thread_id: thread,
          parent_id: position === 1 ? null : `m${String(position - 1)}`,
          run_id: null,
          position,
          role,
          parts: [{ type: 'text', text: `Message ${String(position)} with **some** words.` }],
          created_at: at,
          siblings: [`m${String(position)}`],
        }
      })
      return route.fulfill({ json: { items, next: null, previous: after > 0 ? String(after + 1) : null } })
    })
    await page.goto(url(`/t/${thread}`))
    await page.getByText(`Message ${String(MESSAGES)} with`).waitFor()
    const nodes = (): Promise<number> => page.evaluate(() => document.body.querySelectorAll('*').length)
    expect(await nodes()).toBeLessThanOrEqual(MOST_NODES)
    const log = page.getByRole('log')
    await log.hover()
    for (let turn = 0; turn < 5; turn++) {
      await page.mouse.wheel(0, -100_000)
      await page.waitForTimeout(300)
    }
    expect(await nodes()).toBeLessThanOrEqual(MOST_NODES)
    await page
      .getByText(/Message 9[4-7]\d\d with/)
      .first()
      .waitFor()
  })
})
