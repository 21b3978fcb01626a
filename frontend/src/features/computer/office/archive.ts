/**
 * Looks into an office file before anything unpacks it. It is a zip archive; one that was made to harm grows
 * a thousandfold. The directory is read as PKWARE's APPNOTE 6.3 has it, and what it claims is not believed.
 */

export type Fault = 'protected' | 'broken' | 'large' | 'slow'

/** A file that cannot be shown, and why. */
export class UnreadableFile extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(`the file is ${fault}`)
    this.fault = fault
  }
}

/** Bytes, unpacked, of all its parts. */
export const LARGEST_UNPACKED = 100_000_000
const MOST_PARTS = 5000

const DIRECTORY_END = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const COMMENT_AND_END = 65_535 + 22
/** Office files with a password, and those from before 2007, are in this other container. */
const OLD_CONTAINER = 0xd0cf11e0

/** Raises UnreadableFile unless `file` is an archive whose parts are small enough. */
export async function checkArchive(file: ArrayBuffer, largest = LARGEST_UNPACKED): Promise<void> {
  const view = new DataView(file)
  if (view.byteLength > 4 && view.getUint32(0) === OLD_CONTAINER) throw new UnreadableFile('protected')
  let unpacked = 0
  try {
    for (const part of partsOf(view)) {
      unpacked += await sizeOf(part, largest - unpacked)
      if (unpacked > largest) throw new UnreadableFile('large')
    }
  } catch (error) {
    // A part that would lie outside the file.
    if (error instanceof RangeError) throw new UnreadableFile('broken')
    throw error
  }
}

interface Part {
  readonly data: Uint8Array<ArrayBuffer>
  readonly packed: boolean
}

function* partsOf(view: DataView<ArrayBuffer>): Generator<Part> {
  const end = directoryEnd(view)
  const parts = view.getUint16(end + 10, true)
  if (parts > MOST_PARTS) throw new UnreadableFile('large')
  let entry = view.getUint32(end + 16, true)
  for (let part = 0; part < parts; part++) {
    if (view.getUint32(entry, true) !== DIRECTORY_ENTRY) throw new UnreadableFile('broken')
    const size = view.getUint32(entry + 20, true)
    const header = view.getUint32(entry + 42, true)
    const begin = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true)
    yield { data: new Uint8Array(view.buffer, begin, size), packed: view.getUint16(entry + 10, true) !== 0 }
    const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(entry + place, true))
    entry += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0)
  }
}

function directoryEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - COMMENT_AND_END)
  for (let place = view.byteLength - 22; place >= first; place--)
    if (view.getUint32(place, true) === DIRECTORY_END) return place
  throw new UnreadableFile('broken')
}

/** How large a part truly is; it is not looked at further than `most`. */
async function sizeOf({ data, packed }: Part, most: number): Promise<number> {
  if (!packed) return data.byteLength
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  let size = 0
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      // Browsers and Node.js disagree on what they raise for bytes that cannot be inflated.
      throw new UnreadableFile('broken')
    })
    if (done) return size
    size += value.byteLength
    if (size > most) {
      await reader.cancel()
      return size
    }
  }
}
