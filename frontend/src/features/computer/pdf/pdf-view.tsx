/** A PDF document: its pages below each other, which page is seen, and how large. Loaded with the first of them. */
import type { KeyboardEvent } from 'react'
import { save } from '@/ui/clipboard'
import { t } from '@/words'
import { Unreadable, Waiting } from '../unreadable'
import type { OpenedPdf } from './document'
import { usePdf } from './document'
import './pdf.css'
import { PdfBar } from './pdf-bar'
import { PdfPage } from './pdf-page'
import { MOST_PAGES, usePages } from './use-pages'

const REASONS = {
  get protected() {
    return t('computer.thisPdfHasAPassword')
  },
  get broken() {
    return t('computer.thisPdfIsDamagedOr')
  },
}

export default function PdfView({ blob, name }: { blob: Blob; name: string }) {
  const opened = usePdf(blob)
  switch (opened.state) {
    case 'opening':
      return <Waiting />
    case 'unreadable':
      return (
        <Unreadable
          onDownload={() => {
            save(blob, name)
          }}
        >
          {REASONS[opened.reason]}
        </Unreadable>
      )
    case 'open':
      return <Pages opened={opened} name={name} />
  }
}

function Pages({ opened, name }: { opened: Extract<OpenedPdf, { state: 'open' }>; name: string }) {
  const { document, width, height } = opened
  const pages = Math.min(document.numPages, MOST_PAGES)
  const { area, scale, near, current, goTo, zoom } = usePages(pages, width)

  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = {
      ArrowLeft: () => {
        goTo(current - 1)
      },
      ArrowRight: () => {
        goTo(current + 1)
      },
      '+': () => {
        zoom(1)
      },
      '=': () => {
        zoom(1)
      },
      '-': () => {
        zoom(-1)
      },
      '0': () => {
        zoom(0)
      },
    }[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }

  return (
    <div className="flex h-full flex-col">
      <PdfBar current={current} pages={pages} percent={Math.round(scale * 100)} goTo={goTo} zoom={zoom} />
      <div
        ref={area}
        role="region"
        aria-label={name}
        tabIndex={0}
        onKeyDown={press}
        className="flex min-h-0 flex-1 flex-col gap-3 overflow-auto bg-panel p-3 [overflow-anchor:none]"
      >
        {scale > 0 &&
          Array.from({ length: pages }, (_, place) => (
            <PdfPage
              key={place}
              document={document}
              number={place + 1}
              scale={scale}
              width={width}
              height={height}
              near={near.has(place + 1)}
            />
          ))}
        {pages < document.numPages && (
          <p className="text-center text-muted">{t('computer.theFirstPages', { pages, count: document.numPages })}</p>
        )}
      </div>
    </div>
  )
}
