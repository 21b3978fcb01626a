/** What is in a file: markdown, a table, a picture, a page without scripts, code; or that it cannot be shown. */
import { useEffect, useState } from 'react'
import { Button } from '@/ui/button'
import { Code } from '@/ui/markdown/code'
import { languageOf } from '@/ui/markdown/highlight'
import { Markdown } from '@/ui/markdown/markdown'
import { useObjectUrl } from '@/ui/object-url'
import { parseCsv } from './csv'

const LONGEST_TEXT = 400_000

export function Content({ name, blob }: { name: string; blob: Blob }) {
  const extension = name.includes('.') ? (name.split('.').at(-1)?.toLowerCase() ?? '') : ''
  if (['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif', 'bmp', 'ico'].includes(extension))
    return <Picture blob={blob} name={name} />
  return <TextContent name={name} extension={extension} blob={blob} />
}

function Picture({ blob, name }: { blob: Blob; name: string }) {
  const url = useObjectUrl(blob)
  return (
    <div className="flex h-full items-center justify-center overflow-auto bg-white p-4">
      {url !== null && <img src={url} alt={name} className="max-w-full" />}
    </div>
  )
}

function TextContent({ name, extension, blob }: { name: string; extension: string; blob: Blob }) {
  const [text, setText] = useState<string | null>(null)
  const [asSource, setAsSource] = useState(false)
  useEffect(() => {
    let wanted = true
    void blob.text().then((read) => {
      if (wanted) setText(read)
    })
    return () => {
      wanted = false
    }
  }, [blob])
  if (text === null) return null
  if (text.includes('\0'))
    return <p className="p-4 text-muted">This is not text, and no picture. Download it to open it.</p>

  const rendered =
    extension === 'md' || extension === 'markdown'
      ? 'markdown'
      : extension === 'html' || extension === 'htm' || extension === 'svg'
        ? 'html'
        : extension === 'csv' || extension === 'tsv'
          ? 'table'
          : null
  const shown = text.slice(0, LONGEST_TEXT)
  return (
    <div className="flex h-full flex-col">
      {rendered !== null && (
        <div className="flex shrink-0 justify-end border-b px-2 py-1">
          <Button
            look="ghost"
            size="small"
            aria-pressed={asSource}
            onClick={() => {
              setAsSource(!asSource)
            }}
          >
            Source
          </Button>
        </div>
      )}
      <div className="min-h-0 flex-1">
        {rendered === null || asSource ? (
          <Code code={shown} language={languageOf(extension) ?? ''} numbers className="h-full overflow-auto" />
        ) : rendered === 'markdown' ? (
          <div tabIndex={0} role="region" aria-label={name} className="h-full overflow-auto p-5">
            <Markdown text={shown} />
          </div>
        ) : rendered === 'table' ? (
          <CsvTable text={shown} tabs={extension === 'tsv'} name={name} />
        ) : (
          // No script of it runs, and it has no origin: what an agent wrote must never act as the person.
          <iframe title={name} sandbox="" srcDoc={text} className="h-full w-full border-0 bg-white" />
        )}
      </div>
      {shown.length < text.length && (
        <p className="shrink-0 border-t px-4 py-2 text-muted">Only its beginning is shown. Download it for the rest.</p>
      )}
    </div>
  )
}

const MOST_ROWS = 500

function CsvTable({ text, tabs, name }: { text: string; tabs: boolean; name: string }) {
  const [head = [], ...rows] = parseCsv(text, tabs ? '\t' : null, MOST_ROWS + 1)
  return (
    <div tabIndex={0} role="region" aria-label={name} className="h-full overflow-auto">
      <table className="min-w-full border-collapse tabular-nums">
        <thead>
          <tr>
            {head.map((cell, place) => (
              <th key={place} scope="col" className="sticky top-0 border-b bg-panel px-3 py-1.5 text-left font-medium">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={place} className="border-b">
              {row.map((cell, column) => (
                <td key={column} className="whitespace-nowrap px-3 py-1.5">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === MOST_ROWS && <p className="p-3 text-muted">The first {MOST_ROWS} rows.</p>}
    </div>
  )
}
