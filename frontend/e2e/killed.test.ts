import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { conversation, ended, hide, openPage, service, submit, threadOf, useBrowser } from './browser'
import type { Watched } from './browser'
import type { Address } from './process'
import { Service } from './process'
import { Wire } from './wire'

const TASK = 'A plan, then write at length'
/** It starts a service twice, and works through a task twice. */
const LONG_MS = 240_000

interface Answer {
  readonly items: readonly {
    readonly role: string
    readonly status?: string
    readonly parts: readonly { readonly type: string; readonly text?: string }[]
  }[]
}

async function ask(at: Address | null, path: string): Promise<Answer['items']> {
  const answer = await fetch(`${at?.url ?? ''}/v1${path}`, { headers: { Authorization: `Bearer ${at?.token ?? ''}` } })
  return ((await answer.json()) as Answer).items
}

/** The texts of the agent, in order, as the service has them: without markdown's marks. */
async function stored(at: Address | null, page: Page): Promise<string[]> {
  const messages = await ask(at, `/threads/${threadOf(page)}/messages?limit=200`)
  return messages
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ parts }) => parts.flatMap(({ type, text }) => (type === 'text' ? (text ?? '').split('\n\n') : [])))
    .map((text) => text.replaceAll(/[*`]/g, '').trim())
    .filter((text) => text !== '')
}

/** The paragraphs that the page shows, without what stands around them. */
async function shown(page: Page): Promise<string[]> {
  const lines = (await conversation(page)).split('\n').map((line) => line.trim())
  return lines.filter((line) => line === 'First a plan.' || line.startsWith('Paragraph '))
}

/** What the page shows, without what differs from run to run: how long things took, and what they used. */
async function lasting(page: Page): Promise<string> {
  return (await conversation(page))
    .replaceAll(/(\d+ (h|min) )?\d+(\.\d+)? (ms|s|min)\b|\S+ tokens/g, '')
    .replaceAll(/\s*\n\s*/g, '\n')
}

/** Works on a page of a service of its own, whose runs are soon taken up again when it was killed. */
async function alone(work: (page: Watched, own: Service) => Promise<void>): Promise<void> {
  const own = new Service({ FACTOTUM_LEASE_SECONDS: '3' })
  try {
    await own.start()
    const page = await openPage({}, true, own)
    await page.goto(own.url)
    await work(page, own)
  } finally {
    await own.close()
  }
}

describe.skipIf(service === null)('a page that is left alone by its service', () => {
  useBrowser()

  test(
    'kill -9 in the middle of a stream: the page says it quietly, and goes on by itself',
    () =>
      alone(async (page, own) => {
        await submit(page, TASK)
        await page.getByText('Paragraph 5 has').waitFor({ timeout: 30_000 })
        await own.kill()
        await page.getByRole('status').getByText('Out of reach').waitFor({ timeout: 15_000 })
        expect(await page.getByText('Paragraph 5 has').count()).toBe(1)
        await own.start()
        await ended(page)
        await page.getByText('Paragraph 30 has').waitFor()
        await page.getByText('Out of reach').waitFor({ state: 'detached' })
        await expect.poll(() => shown(page), { timeout: 10_000 }).toEqual(await stored(own, page))
        expect(await shown(page)).toHaveLength(31)

        const calm = await openPage({}, true, own)
        await calm.goto(own.url)
        await submit(calm, TASK)
        await ended(calm)
        await calm.getByText('Paragraph 30 has').waitFor()
        await expect.poll(() => lasting(page), { timeout: 10_000 }).toBe(await lasting(calm))
        expect(page.complaints).toEqual([])
      }),
    LONG_MS,
  )

  test(
    'a command that kill -9 met: nobody knows its outcome, and the question shows it as it was run',
    () =>
      alone(async (page, own) => {
        await submit(page, 'Please wait for ever')
        await page.getByRole('button', { name: /Run sleep 300.*running/ }).waitFor({ timeout: 60_000 })
        await own.kill()
        await own.start()
        const form = page.getByRole('form', { name: /its outcome is unknown/ })
        await form.waitFor({ timeout: 60_000 })
        const call = form.getByRole('group', { name: 'shell' })
        await call.getByText('command: sleep 300').waitFor()
        expect(await form.getByText('sleep 300').count()).toBe(1)
        expect(await page.getByRole('button', { name: /^Run sleep 300/ }).count()).toBe(0)
        await page.reload()
        await call.getByText('command: sleep 300').waitFor()
        expect(await violations(page)).toEqual([])
        await form.getByRole('radio', { name: 'Leave it and go on' }).check()
        await form.getByRole('button', { name: 'Answer' }).click()
        await page.getByRole('button', { name: /^Run sleep 300 outcome unknown/ }).waitFor()
      }),
    LONG_MS,
  )

  test('the laptop slept while the task ended: on waking the page shows all of it', async () => {
    if (service === null) return
    const wire = await Wire.to(service)
    try {
      const page = await openPage({}, true, wire)
      await page.goto(wire.url)
      await submit(page, TASK)
      await page.getByText('Paragraph 2 has').waitFor({ timeout: 30_000 })
      await hide(page, true)
      wire.cut()
      await expect
        .poll(async () => (await ask(service, `/threads/${threadOf(page)}/runs`))[0]?.status, { timeout: 30_000 })
        .toBe('finished')
      expect(await page.getByText('Paragraph 30 has').count()).toBe(0)
      wire.mend()
      await hide(page, false)
      await ended(page)
      await expect.poll(() => shown(page), { timeout: 10_000 }).toEqual(await stored(service, page))
      expect(await shown(page)).toHaveLength(31)
      expect(await page.getByText('Out of reach').count()).toBe(0)
    } finally {
      await wire.close()
    }
  })
})
