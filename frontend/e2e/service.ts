/** Starts the real service on its embedded defaults, with a scripted model, for all end-to-end tests. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { SCENARIOS } from './scenarios'

declare module 'vitest' {
  export interface ProvidedContext {
    service: { url: string; token: string; code: string } | null
    chromium: string | null
  }
}

const BACKEND = fileURLToPath(new URL('../../backend/', import.meta.url))
const START_MS = 90_000

export default async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  const chromium = findChromium()
  provide('chromium', chromium)
  if (chromium === null || !existsSync(join(BACKEND, 'factotum/api/built_page/index.html'))) {
    const reason =
      chromium === null
        ? 'there is no Chromium (Debian: apt-get install chromium)'
        : 'the page is not built (make setup)'
    if (process.env.CI !== undefined) throw new Error(`The end-to-end tests of the page cannot run: ${reason}.`)
    console.log(`skipped: the end-to-end tests of the page; ${reason}`)
    provide('service', null)
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'ft-page-'))
  // The embedded servers run as another user when this one is root.
  chmodSync(folder, 0o711)
  const script = join(folder, 'script.json')
  const primes = JSON.parse(readFileSync(join(BACKEND, 'factotum/testing/provider/scripts/primes.json'), 'utf8')) as {
    scenarios: unknown[]
  }
  writeFileSync(script, JSON.stringify({ scenarios: [...primes.scenarios, ...SCENARIOS] }))
  const { process: child, url, code } = await start(folder, script)
  const token = readFileSync(join(folder, 'data', 'token'), 'utf8').trim()
  provide('service', { url, token, code })
  return async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

async function start(folder: string, script: string): Promise<{ process: ChildProcess; url: string; code: string }> {
  const log = join(folder, 'log')
  const output = openSync(log, 'a')
  const sandboxPython = join(BACKEND, '.venv-sandbox')
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('FACTOTUM_'))
  const child = spawn(
    join(BACKEND, '.venv/bin/python'),
    ['-c', 'from factotum.cli.main import main; main()', 'serve', '--script', script, '--port', '0'],
    {
      cwd: folder,
      env: {
        ...Object.fromEntries(own),
        PYTHONPATH: BACKEND,
        FACTOTUM_DATA_FOLDER: join(folder, 'data'),
        // With Playwright in it the agent has a browser.
        FACTOTUM_SANDBOX_PYTHON: existsSync(sandboxPython) ? sandboxPython : '',
        COLUMNS: '200',
      },
      stdio: ['ignore', output, output],
    },
  )
  const deadline = Date.now() + START_MS
  for (;;) {
    const found = /(http:\/\/[\d.:]+)\/#code=([\w-]+)/.exec(readFileSync(log, 'utf8'))
    if (found?.[1] !== undefined && found[2] !== undefined) return { process: child, url: found[1], code: found[2] }
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`The service did not start:\n${readFileSync(log, 'utf8')}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
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
