/** Terminal output to styled pieces: colours and weights (SGR); other control sequences are dropped. */

export interface Piece {
  readonly text: string
  readonly colour: string | null
  readonly bold: boolean
  readonly dim: boolean
}

const COLOURS = ['muted', 'err', 'ok', 'warn', 'accent', 'magenta', 'cyan', 'fg'] as const
// CSI with its parameters, OSC up to its end, and single-character escapes.
const SEQUENCE = /\u001b\[([0-9;:?]*)([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-_]/g

export function parseAnsi(source: string): Piece[] {
  const pieces: Piece[] = []
  let style: Omit<Piece, 'text'> = { colour: null, bold: false, dim: false }
  let from = 0
  const push = (text: string): void => {
    const shown = overwritten(text)
    if (shown !== '') pieces.push({ text: shown, ...style })
  }
  for (const found of source.matchAll(SEQUENCE)) {
    push(source.slice(from, found.index))
    from = found.index + found[0].length
    if (found[2] === 'm') style = styled(style, found[1] ?? '')
  }
  push(source.slice(from))
  return pieces
}

/** A carriage return begins its line anew, as progress bars do. */
function overwritten(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1))
    .join('\n')
}

function styled(style: Omit<Piece, 'text'>, parameters: string): Omit<Piece, 'text'> {
  const codes = parameters.split(/[;:]/).map(Number)
  let next = style
  for (let place = 0; place < codes.length; place++) {
    const code = codes[place] ?? 0
    if (code === 0) next = { colour: null, bold: false, dim: false }
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
