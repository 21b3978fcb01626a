/** One page of a document: a place of its size, drawn only while it is near to what is seen. */
import type { PDFDocumentProxy } from 'pdfjs-dist'
import { useEffect, useRef, useState } from 'react'
import { drawPage } from './document'
import { t } from '@/words'

interface PdfPageProps {
  document: PDFDocumentProxy
  number: number
  scale: number
  /** The size of the first page, in points: what is expected of a page that was not looked at yet. */
  width: number
  height: number
  near: boolean
}

export function PdfPage({ document, number, scale, width, height, near }: PdfPageProps) {
  const [size, setSize] = useState({ width, height })
  const [broken, setBroken] = useState(false)
  const canvas = useRef<HTMLCanvasElement>(null)
  const text = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const [drawn, words] = [canvas.current, text.current]
    if (!near || drawn === null || words === null) return
    const leave = new AbortController()
    const { signal } = leave
    const draw = async (): Promise<void> => {
      const found = (await document.getPage(number)).getViewport({ scale: 1 })
      if (signal.aborted) return
      setSize((known) =>
        known.width === found.width && known.height === found.height
          ? known
          : { width: found.width, height: found.height },
      )
      await drawPage(document, number, scale, drawn, words, signal)
    }
    draw().catch(() => {
      if (!signal.aborted) setBroken(true)
    })
    return () => {
      leave.abort()
    }
  }, [document, number, scale, near])

  return (
    <section
      aria-label={t('computer.pageNumber', { number })}
      data-page={number}
      className="relative mx-auto shrink-0 bg-white text-black ring-1 ring-line"
      style={{
        width: size.width * scale,
        height: size.height * scale,
        ['--total-scale-factor' as string]: scale,
        ['--scale-factor' as string]: scale,
      }}
    >
      {broken && <p className="p-4">{t('computer.thisPageIsDamagedAnd')}</p>}
      {near && !broken && (
        <>
          <canvas ref={canvas} aria-hidden="true" className="block h-full w-full" />
          <div ref={text} className="pdf-text" />
        </>
      )}
    </section>
  )
}
