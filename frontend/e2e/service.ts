/** Starts a real service for each of the workers that the end-to-end tests are shared out to. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { BACKEND, Service } from './process'

declare module 'vitest' {
  export interface ProvidedContext {
    services: { url: string; token: string; code: string }[]
    chromium: string | null
  }
}

export default async function setup({ config, provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  const chromium = findChromium()
  provide('chromium', chromium)
  if (chromium === null || !existsSync(join(BACKEND, 'factotum/api/built_page/index.html'))) {
    const reason =
      chromium === null
        ? 'there is no Chromium (Debian: apt-get install chromium)'
        : 'the page is not built (make setup)'
    if (process.env.CI !== undefined) throw new Error(`The end-to-end tests of the page cannot run: ${reason}.`)
    console.log(`skipped: the end-to-end tests of the page; ${reason}`)
    provide('services', [])
    return undefined
  }
  const services = Array.from({ length: config.maxWorkers }, () => new Service())
  const close = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.close()))
  }
  try {
    await Promise.all(services.map((service) => service.start()))
  } catch (error) {
    await close()
    throw error
  }
  provide(
    'services',
    services.map(({ url, token, code }) => ({ url, token, code })),
  )
  return close
}

function findChromium(): string | null {
  const wanted = process.env.CHROMIUM
  if (wanted !== undefined) return wanted
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    } catch {
      continue
    }
  }
  return null
}
