/** Terminal output to styled pieces: colours and weights (SGR); other control sequences are dropped. */

export interface Piece {
  readonly text: string
  readonly colour: string | null
  readonly bold: boolean
  readonly dim: boolean
}

type Style = Omit<Piece, 'text'>

const PLAIN: Style = { colour: null, bold: false, dim: false }
const COLOURS = ['muted', 'err', 'ok', 'warn', 'accent', 'magenta', 'cyan', 'fg'] as const
// CSI with its parameters, OSC up to its end, and single-character escapes.
const SEQUENCE = /\u001b\[([0-9;:?]*)([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-_]/g

export function parseAnsi(source: string): Piece[] {
  const screen = new Screen()
  let style = PLAIN
  let from = 0
  for (const found of source.matchAll(SEQUENCE)) {
    screen.print(source.slice(from, found.index), style)
    from = found.index + found[0].length
    if (found[2] === 'm') style = styled(style, found[1] ?? '')
  }
  screen.print(source.slice(from), style)
  return screen.pieces()
}

/** What is printed so far, the line that may still be written over apart. */
class Screen {
  readonly #above: Piece[] = []
  #line: Piece[] = []
  #returned = false

  print(text: string, style: Style): void {
    for (const part of text.split(/(\r?\n|\r)/)) {
      if (part === '\r') this.#returned = true
      else if (part.endsWith('\n')) this.#end(style)
      else if (part !== '') this.#write(part, style)
    }
  }

  pieces(): Piece[] {
    return joined([...this.#above, ...this.#line])
  }

  /** A carriage return begins its line anew, as progress bars do, whatever colours it had. */
  #write(text: string, style: Style): void {
    if (this.#returned) this.#line = []
    this.#returned = false
    this.#line.push({ text, ...style })
  }

  #end(style: Style): void {
    this.#above.push(...this.#line, { text: '\n', ...style })
    this.#line = []
    this.#returned = false
  }
}

function joined(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = []
  for (const piece of pieces) {
    const last = found.at(-1)
    if (last?.colour === piece.colour && last.bold === piece.bold && last.dim === piece.dim)
      found[found.length - 1] = { ...last, text: last.text + piece.text }
    else found.push(piece)
  }
  return found
}

function styled(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number)
  let next = style
  for (let place = 0; place < codes.length; place++) {
    const code = codes[place] ?? 0
    if (code === 0) next = PLAIN
    else if (code === 1) next = { ...next, bold: true }
    else if (code === 2) next = { ...next, dim: true }
    else if (code === 22) next = { ...next, bold: false, dim: false }
    else if (code === 39) next = { ...next, colour: null }
    else if (code >= 30 && code <= 37) next = { ...next, colour: COLOURS[code - 30] ?? null }
    else if (code >= 90 && code <= 97) next = { ...next, colour: COLOURS[code - 90] ?? null }
    // 256 colours and true colour: their numbers are no styles of their own.
    else if (code === 38 || code === 48) place += codes[place + 1] === 5 ? 2 : 4
  }
  return next
}
