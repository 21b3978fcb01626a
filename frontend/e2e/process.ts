/** The real service as a process of its own, on its embedded defaults, with a scripted model. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SCENARIOS } from './scenarios'

export const BACKEND = fileURLToPath(new URL('../../backend/', import.meta.url))
const SANDBOX_PYTHON = join(BACKEND, '.venv-sandbox')
const START_MS = 90_000

/** Where a service is to be had, and by whom. */
export interface Address {
  readonly url: string
  readonly token: string
}

/** What would give the service a model of its own. */
const KEYS = /_API_KEY$|^OLLAMA_/

/**
 * `factotum serve` on a data folder of its own. It may be killed and started again, at the same address. Without
 * scenarios it is as somebody finds it who has no provider's key: the demo answers.
 */
export class Service implements Address {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ft-page-'))
  readonly #environment: Readonly<Record<string, string>>
  readonly #script: readonly string[]
  #port = 0
  #process: ChildProcess | null = null
  code = ''

  constructor(environment: Readonly<Record<string, string>> = {}, scenarios: readonly unknown[] | null = SCENARIOS) {
    this.#environment = environment
    // The embedded servers run as another user when this one is root.
    chmodSync(this.#folder, 0o711)
    const primes = JSON.parse(readFileSync(join(BACKEND, 'factotum/testing/provider/scripts/primes.json'), 'utf8')) as {
      scenarios: unknown[]
    }
    const script = join(this.#folder, 'script.json')
    this.#script = scenarios === null ? [] : ['--script', script]
    writeFileSync(script, JSON.stringify({ scenarios: [...primes.scenarios, ...(scenarios ?? [])] }))
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`
  }

  get token(): string {
    return readFileSync(join(this.#folder, 'data', 'token'), 'utf8').trim()
  }

  /** Starts it and waits until it says where it is to be had. */
  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort()
    const log = join(this.#folder, 'log')
    const output = openSync(log, 'a')
    const before = statSync(log).size
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('FACTOTUM_') && !KEYS.test(name))
    const port = String(this.#port)
    const child = spawn(
      join(BACKEND, '.venv/bin/python'),
      ['-c', 'from factotum.cli.main import main; main()', 'serve', ...this.#script, '--port', port],
      {
        cwd: this.#folder,
        env: {
          ...Object.fromEntries(own),
          PYTHONPATH: BACKEND,
          FACTOTUM_DATA_FOLDER: join(this.#folder, 'data'),
          // With Playwright in it the agent has a browser.
          FACTOTUM_SANDBOX_PYTHON: existsSync(SANDBOX_PYTHON) ? SANDBOX_PYTHON : '',
          COLUMNS: '200',
          ...this.#environment,
        },
        stdio: ['ignore', output, output],
        // A group of its own: what it has started dies with it, as when a machine loses its power.
        detached: true,
      },
    )
    this.#process = child
    const deadline = Date.now() + START_MS
    for (;;) {
      const said = readFileSync(log, 'utf8').slice(before)
      const found = /http:\/\/[\d.:]+\/#code=([\w-]+)/.exec(said)
      if (found?.[1] !== undefined) {
        this.code = found[1]
        return
      }
      if (child.exitCode !== null || Date.now() > deadline) {
        await this.close()
        throw new Error(`The service did not start:\n${said}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** kill -9 of it and of all it has started: nothing has time to say anything to anybody. */
  async kill(): Promise<void> {
    await this.#end((child) => process.kill(-(child.pid ?? 0), 'SIGKILL'))
  }

  /** Ends it as a person would, and removes what it has written. */
  async close(): Promise<void> {
    await this.#end((child) => child.kill('SIGTERM'))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #end(how: (child: ChildProcess) => boolean): Promise<void> {
    const child = this.#process
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    how(child)
    await ended
  }
}

/** A port that nobody has at this moment. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
