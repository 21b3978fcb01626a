/** A Mermaid diagram, as a picture: nothing in it can act. What cannot be drawn is shown as it was written. */
import { Download } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import { IconButton } from '../button'
import { CopyButton, save } from '../clipboard'
import { useDark } from '../dark'
import { Code } from './code'
import { t } from '@/words'

const FONT = 'ui-sans-serif, system-ui, sans-serif'
const LONGEST = 20_000
const MARGIN = 8

interface Drawn {
  readonly svg: string | null
  readonly of: string
}

export function Diagram({ source }: { source: string }) {
  const id = `diagram${useId().replaceAll(/\W/g, '')}`
  const dark = useDark()
  const [drawn, setDrawn] = useState<Drawn | null>(null)
  const [asSource, setAsSource] = useState(false)
  const wanted = `${dark ? 'dark' : 'light'}\n${source}`

  useEffect(() => {
    let here = true
    void draw(id, source, dark).then((svg) => {
      if (here) setDrawn({ svg, of: wanted })
    })
    return () => {
      here = false
    }
  }, [id, source, dark, wanted])

  const svg = drawn?.of === wanted ? drawn.svg : undefined
  const shown = svg != null && !asSource
  return (
    <figure className="mb-3 overflow-hidden rounded-md border bg-panel">
      <div className="flex h-8 items-center justify-between border-b pr-1 pl-3 text-muted text-sm">
        <span>{svg === null ? t('ui.diagramThatCannotBeDrawn') : t('ui.diagramLower')}</span>
        <span className="flex">
          {svg != null && (
            <button
              type="button"
              aria-pressed={asSource}
              onClick={() => {
                setAsSource(!asSource)
              }}
              className="rounded-sm px-2 hover:text-fg aria-pressed:text-fg"
            >
              {t('ui.source')}
            </button>
          )}
          <CopyButton text={() => source} label={t('ui.copyDiagramsSource')} />
          {svg != null && (
            <IconButton
              label={t('ui.downloadTheDiagram')}
              size="icon-small"
              onClick={() => {
                save(new Blob([svg], { type: 'image/svg+xml' }), 'diagram.svg')
              }}
            >
              <Download size={14} />
            </IconButton>
          )}
        </span>
      </div>
      {shown ? (
        <div tabIndex={0} role="region" aria-label={t('ui.diagram')} className="max-h-[520px] overflow-auto bg-bg p-4">
          <img
            src={`data:image/svg+xml,${encodeURIComponent(svg)}`}
            alt={t('ui.diagramValue', { value: source.slice(0, 300) })}
            className="mx-auto max-w-full"
          />
        </div>
      ) : (
        <Code code={source} language="mermaid" className="max-h-[420px]" />
      )}
    </figure>
  )
}

// Mermaid has one configuration for all: one diagram after the other.
let queue: Promise<unknown> = Promise.resolve()

function draw(id: string, source: string, dark: boolean): Promise<string | null> {
  const drawing = queue.then(() => render(id, source, dark))
  queue = drawing
  return drawing
}

async function render(id: string, source: string, dark: boolean): Promise<string | null> {
  if (source.length > LONGEST) return null
  try {
    const { default: mermaid } = await import('mermaid')
    mermaid.initialize({
      startOnLoad: false,
      securityLevel: 'strict',
      suppressErrorRendering: true,
      htmlLabels: false,
      fontFamily: FONT,
      theme: dark ? 'dark' : 'neutral',
    })
    const { svg } = await mermaid.render(id, source)
    return sized(svg)
  } catch {
    // It raises whatever its parser raises: the text is no diagram.
    return null
  }
}

/** Gives the drawing its size: a picture needs one, and Mermaid's own is measured too early. */
function sized(drawing: string): string {
  const place = document.createElement('div')
  place.style.cssText = 'position: absolute; visibility: hidden; pointer-events: none'
  place.innerHTML = drawing
  document.body.append(place)
  try {
    const svg = place.querySelector('svg')
    if (svg === null) return drawing
    const { x, y, width, height } = svg.getBBox()
    const [wide, high] = [width + 2 * MARGIN, height + 2 * MARGIN]
    svg.setAttribute('viewBox', [x - MARGIN, y - MARGIN, wide, high].join(' '))
    svg.setAttribute('width', String(wide))
    svg.setAttribute('height', String(high))
    svg.removeAttribute('style')
    return new XMLSerializer().serializeToString(svg)
  } finally {
    place.remove()
  }
}
