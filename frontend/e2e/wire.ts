/** A wire to a service that can be cut: what went over it is gone without a word, and nobody gets through. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Address } from './process'

export class Wire implements Address {
  readonly token: string
  url = ''
  readonly #server: Server
  readonly #open = new Set<Socket>()
  #cut = false

  private constructor(at: Address) {
    this.token = at.token
    const port = Number(new URL(at.url).port)
    this.#server = createServer((near) => {
      if (this.#cut) {
        near.destroy()
        return
      }
      const far = connect(port, '127.0.0.1')
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#open.add(one)
        one.pipe(other)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          this.#open.delete(one)
          other.destroy()
        })
      }
    })
  }

  static async to(at: Address): Promise<Wire> {
    const wire = new Wire(at)
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve))
    // Pages ask for it until they are closed, which is after this is.
    wire.url = `http://127.0.0.1:${String((wire.#server.address() as AddressInfo).port)}`
    return wire
  }

  cut(): void {
    this.#cut = true
    for (const socket of this.#open) socket.destroy()
  }

  mend(): void {
    this.#cut = false
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
