/** The browser, and what all tests do with it. */
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, inject } from 'vitest'
import type { Address } from './process'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The one of this worker, whose files run one after the other. */
export const service = inject('services')[Number(process.env.VITEST_POOL_ID) - 1] ?? null
const executablePath = inject('chromium')

let browser: Browser
let contexts: BrowserContext[] = []

/** Opens the browser for the tests of one file. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: FLAGS })
  })
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()))
    contexts = []
  })
  afterAll(async () => {
    await browser.close()
  })
}

export function url(path = '/'): string {
  return (service?.url ?? '') + path
}

export interface Watched extends Page {
  /** Requests that left the origin, and errors of the page. Always empty in a page that behaves. */
  readonly complaints: string[]
}

/** Opens a page for somebody who is signed in already, at the service of this worker or another. */
export async function openPage(
  options: BrowserContextOptions = {},
  signedIn = true,
  at: Address | null = service,
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    locale: 'en-US',
    ...options,
  })
  contexts.push(context)
  if (signedIn) {
    await context.addInitScript((token) => {
      // A preview in a frame has no storage of its own.
      if (window === window.top) localStorage.setItem('factotum.token', token)
    }, at?.token ?? '')
  }
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== at?.url) complaints.push(`asked ${request.url()}`)
  })
  // At times the browser tells of a request that the page's own policy refused: that one asked nobody.
  page.on('requestfailed', (request) => {
    const told = complaints.indexOf(`asked ${request.url()}`)
    if (request.failure()?.errorText === 'csp' && told >= 0) complaints.splice(told, 1)
  })
  page.on('console', (message) => {
    if (message.type() === 'error' && message.text().includes('Content Security Policy'))
      complaints.push(message.text())
  })
  return Object.assign(page, { complaints })
}

export async function submit(page: Page, task: string): Promise<void> {
  await page.locator('[data-composer]').fill(task)
  await page.keyboard.press('Enter')
}

/** Says something to a task under way, to be read `when`. */
export async function deliver(page: Page, when: string, text: string): Promise<void> {
  await page.getByLabel('Your task').fill(text)
  await page.getByRole('button', { name: /^When it is read/ }).click()
  await page.getByRole('menuitemcheckbox', { name: new RegExp(`^${when}`) }).click()
  await page.getByLabel('Your task').focus()
  await page.keyboard.press('Enter')
}

/** Waits until the newest run has ended. */
export async function ended(page: Page): Promise<void> {
  await page
    .getByRole('status')
    .getByText(/The task (is done|failed|was stopped)/)
    .waitFor({ state: 'attached', timeout: 90_000 })
}

/** The page is out of sight, as in a tab behind another or with the laptop closed; or seen again. */
export function hide(page: Page, hidden: boolean): Promise<void> {
  return page.evaluate((now) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => now })
    const state = now ? 'hidden' : 'visible'
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}

/** Choose from a menu. What changes the page in that instant may close it: then it is opened again. */
export async function choose(page: Page, menu: Locator, name: string): Promise<void> {
  const item = page.getByRole('menuitem', { name })
  for (let left = 5; ; left--) {
    await menu.click()
    try {
      await item.waitFor({ timeout: 3_000 })
      await page.waitForTimeout(200)
      await item.click({ timeout: 3_000 })
      return
    } catch (error) {
      if (left === 0) throw error
      await page.keyboard.press('Escape')
    }
  }
}

/** Asks the service's API, as the person who is signed in. */
export async function api<Answer>(path: string, method = 'GET', data?: object | string): Promise<Answer> {
  const answer = await fetch(url(`/v1${path}`), {
    method,
    headers: {
      Authorization: `Bearer ${service?.token ?? ''}`,
      ...(typeof data === 'object' && { 'Content-Type': 'application/json' }),
    },
    ...(data !== undefined && { body: typeof data === 'object' ? JSON.stringify(data) : data }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${text}`)
  return (text === '' ? null : JSON.parse(text)) as Answer
}

/** The thread that a page shows. */
export function threadOf(page: Page): string {
  return new URL(page.url()).pathname.slice('/t/'.length)
}

/** What a page hands to the person as a file: its name, and what is in it. */
export async function downloaded(page: Page, click: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), click()])
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

/** The text of the whole conversation, as it is shown. */
export async function conversation(page: Page): Promise<string> {
  return page.getByRole('log').innerText()
}
