/** What is in a file: markdown, a table, a picture, a page without scripts, code; or that it cannot be shown. */
import { Suspense, lazy, useEffect, useState } from 'react'
import { Button } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { Code } from '@/ui/markdown/code'
import { languageOf } from '@/ui/markdown/highlight'
import { Markdown } from '@/ui/markdown/markdown'
import { useObjectUrl } from '@/ui/object-url'
import { t } from '@/words'
import { parseCsv } from './csv'
import { DataTable } from './data-table'
import { Unreadable, Waiting } from './unreadable'

const PdfView = lazy(() => import('./pdf/pdf-view'))
const OfficeView = lazy(() => import('./office/office-view'))

const LONGEST_TEXT = 400_000

export function Content({ name, blob }: { name: string; blob: Blob }) {
  const extension = name.includes('.') ? (name.split('.').at(-1)?.toLowerCase() ?? '') : ''
  if (['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif', 'bmp', 'ico'].includes(extension))
    return <Picture blob={blob} name={name} />
  // Another file begins anew, at its first page.
  const key = name + String(blob.size)
  if (extension === 'pdf')
    return (
      <Suspense fallback={<Waiting />}>
        <PdfView key={key} blob={blob} name={name} />
      </Suspense>
    )
  if (extension === 'docx' || extension === 'xlsx')
    return (
      <Suspense fallback={<Waiting />}>
        <OfficeView key={key} blob={blob} name={name} kind={extension === 'docx' ? 'document' : 'workbook'} />
      </Suspense>
    )
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
    return (
      <Unreadable
        onDownload={() => {
          save(blob, name)
        }}
      >
        {t('computer.thisKindOfFileCannot')}
      </Unreadable>
    )

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
            {t('computer.source')}
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
        <p className="shrink-0 border-t px-4 py-2 text-muted">{t('computer.onlyItsBeginningIsShown')}</p>
      )}
    </div>
  )
}

const MOST_ROWS = 500

function CsvTable({ text, tabs, name }: { text: string; tabs: boolean; name: string }) {
  const [head = [], ...rows] = parseCsv(text, tabs ? '\t' : null, MOST_ROWS + 1)
  return (
    <DataTable name={name} head={head} rows={rows}>
      {rows.length === MOST_ROWS && (
        <p className="p-3 text-muted">{t('computer.theFirstRows', { count: MOST_ROWS })}</p>
      )}
    </DataTable>
  )
}
