/** The page on a host of its own: its files from one origin, the API at another one that allows it (docs/web.md). */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { BACKEND } from './process'

const PAGE = join(BACKEND, 'factotum/api/built_page')
const KINDS: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}
/** What docs/web.md tells to allow, and nothing more. */
const METHODS = 'GET, POST, PUT, PATCH, DELETE'
const HEADERS = 'Authorization, Content-Type, Idempotency-Key, Share-Token, Last-Event-ID, Factotum-Account'

export const SIGN_IN = { hint: 'Ask the platform team for a token.', link: 'https://tokens.example.com/new' }

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

export class Apart {
  readonly #servers: Server[] = []
  page = ''
  api = ''

  /** Serves the page's files, and lets it ask the service. */
  async start(service: string): Promise<void> {
    const files = createServer((asked, answer) => {
      const { pathname } = new URL(asked.url ?? '/', service)
      this.#file(pathname, answer)
    })
    const gate = createServer((asked, answer) => {
      answer.setHeader('Access-Control-Allow-Origin', this.page)
      answer.setHeader('Access-Control-Allow-Methods', METHODS)
      answer.setHeader('Access-Control-Allow-Headers', HEADERS)
      if (asked.method === 'OPTIONS') {
        answer.writeHead(204).end()
        return
      }
      const { url = '/', method, headers } = asked
      const onward = request(service + url, { method, headers }, (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers)
        answered.pipe(answer)
      })
      // Who goes away takes their stream with them.
      answer.on('close', () => onward.destroy())
      onward.on('error', () => answer.destroy())
      asked.pipe(onward)
    })
    this.#servers.push(files, gate)
    this.page = await listening(files)
    this.api = await listening(gate)
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  #file(pathname: string, answer: ServerResponse): void {
    if (pathname === '/config.json') {
      answer.setHeader('Content-Type', 'application/json')
      answer.end(JSON.stringify({ api_base: this.api, sign_in: SIGN_IN }))
      return
    }
    const wanted = join(PAGE, pathname)
    const found = existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(PAGE, 'index.html')
    answer.setHeader('Content-Type', KINDS[extname(found)] ?? 'application/octet-stream')
    answer.end(readFileSync(found))
  }
}
