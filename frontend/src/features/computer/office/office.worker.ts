/** Reads office files away from the page: whatever is in them, the page stays quick and can end it. */
import type { Fault } from './archive'
import { UnreadableFile, checkArchive } from './archive'
import type { Sheet } from './sheets'

export interface Question {
  readonly kind: 'document' | 'workbook'
  readonly file: ArrayBuffer
}

/** A document is HTML of which nothing is trusted. */
export type Answer =
  | { readonly kind: 'document'; readonly html: string }
  | { readonly kind: 'workbook'; readonly sheets: readonly Sheet[] }
  | { readonly kind: 'unreadable'; readonly fault: Fault }

async function read({ kind, file }: Question): Promise<Answer> {
  try {
    await checkArchive(file)
    if (kind === 'workbook') return { kind, sheets: await (await import('./sheets')).readSheets(file) }
    const { default: mammoth } = await import('mammoth')
    return { kind, html: (await mammoth.convertToHtml({ arrayBuffer: file })).value }
  } catch (error) {
    // The readers raise whatever their own parts raise: for all of it the file is what is wrong.
    return { kind: 'unreadable', fault: error instanceof UnreadableFile ? error.fault : 'broken' }
  }
}

self.addEventListener('message', ({ data }: MessageEvent<Question>) => {
  void read(data).then((answer) => {
    self.postMessage(answer)
  })
})
