/** PDF documents, by Mozilla's pdf.js: parsed in a worker; no script in them runs, nothing in them is fetched. */
import * as pdfjs from 'pdfjs-dist'
import type { PDFDocumentProxy } from 'pdfjs-dist'
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url'
import { useEffect, useState } from 'react'

pdfjs.GlobalWorkerOptions.workerSrc = workerUrl
/** Where the build puts what some documents need: characters, fonts and decoders (vite.config.ts). */
const PARTS = `${import.meta.env.BASE_URL}assets/pdf-${pdfjs.version}/`
const MOST_PIXELS = 16_000_000

export type OpenedPdf =
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly document: PDFDocumentProxy; readonly width: number; readonly height: number }
  | { readonly state: 'unreadable'; readonly reason: 'protected' | 'broken' }

/** Opens a document for as long as it is shown. `width` and `height` are those of its first page, in points. */
export function usePdf(blob: Blob): OpenedPdf {
  const [opened, setOpened] = useState<OpenedPdf>({ state: 'opening' })
  useEffect(() => {
    let wanted = true
    const end: (() => void)[] = []
    const open = async (): Promise<OpenedPdf> => {
      const data = new Uint8Array(await blob.arrayBuffer())
      const task = pdfjs.getDocument({
        data,
        cMapUrl: `${PARTS}cmaps/`,
        standardFontDataUrl: `${PARTS}standard_fonts/`,
        wasmUrl: `${PARTS}wasm/`,
        isEvalSupported: false,
        maxImageSize: MOST_PIXELS,
        stopAtErrors: false,
      })
      end.push(() => void task.destroy())
      const document = await task.promise
      const { width, height } = (await document.getPage(1)).getViewport({ scale: 1 })
      return { state: 'open', document, width, height }
    }
    open().then(
      (found) => {
        if (wanted) setOpened(found)
      },
      (error: unknown) => {
        if (!wanted) return
        const isLocked = error instanceof Error && error.name === 'PasswordException'
        setOpened({ state: 'unreadable', reason: isLocked ? 'protected' : 'broken' })
      },
    )
    return () => {
      wanted = false
      for (const one of end) one()
    }
  }, [blob])
  return opened
}

/** Draws a page into `canvas` and its text, which can be chosen and read aloud, into `text`. */
export async function drawPage(
  document: PDFDocumentProxy,
  number: number,
  scale: number,
  canvas: HTMLCanvasElement,
  text: HTMLElement,
  signal: AbortSignal,
): Promise<void> {
  const page = await document.getPage(number)
  if (signal.aborted) return
  const viewport = page.getViewport({ scale })
  const most = Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height))
  const sharp = Math.min(window.devicePixelRatio, most)
  canvas.width = Math.floor(viewport.width * sharp)
  canvas.height = Math.floor(viewport.height * sharp)
  const drawing = page.render({ canvas, viewport, transform: [sharp, 0, 0, sharp, 0, 0] })
  const layer = new pdfjs.TextLayer({ textContentSource: page.streamTextContent(), container: text, viewport })
  signal.addEventListener('abort', () => {
    drawing.cancel()
    layer.cancel()
  })
  try {
    text.replaceChildren()
    await Promise.all([drawing.promise, layer.render()])
  } catch (error) {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it changes while one waits
    if (!signal.aborted) throw error
  } finally {
    page.cleanup()
    // It measures text on a canvas that it hangs below the page's body.
    pdfjs.TextLayer.cleanup()
  }
}
