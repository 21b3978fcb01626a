/** Documents and workbooks of an office, to be read. Loaded with the first of them. */
import { FileText } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { EmptyState } from '@/ui/empty-state'
import { t } from '@/words'
import { DataTable } from '../data-table'
import { Unreadable, Waiting } from '../unreadable'
import type { Fault } from './archive'
import { clean } from './clean'
import type { Question } from './office.worker'
import type { Sheet } from './sheets'
import { useOffice } from './use-office'

const REASONS: Record<Fault, string> = {
  get protected() {
    return t('computer.thisFileHasAPassword')
  },
  get broken() {
    return t('computer.thisFileIsDamagedOr')
  },
  get large() {
    return t('computer.thereIsTooMuchIn')
  },
  get slow() {
    return t('computer.thisFileTakesTooLong')
  },
}

export default function OfficeView({ blob, name, kind }: { blob: Blob; name: string; kind: Question['kind'] }) {
  const answer = useOffice(blob, kind)
  if (answer === null) return <Waiting />
  switch (answer.kind) {
    case 'document':
      return <DocumentView html={answer.html} name={name} />
    case 'workbook':
      return <Workbook sheets={answer.sheets} name={name} />
    case 'unreadable':
      return (
        <Unreadable
          onDownload={() => {
            save(blob, name)
          }}
        >
          {REASONS[answer.fault]}
        </Unreadable>
      )
  }
}

function DocumentView({ html, name }: { html: string; name: string }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    place.current?.replaceChildren(clean(html))
  }, [html])
  return (
    <div tabIndex={0} role="region" aria-label={name} className="h-full overflow-auto p-5">
      {html === '' && <EmptyState icon={FileText} title={t('computer.thereIsNoTextIn')} />}
      <div ref={place} className="markdown mx-auto max-w-[720px] [&_img]:max-w-full [&_td>p]:m-0!" />
    </div>
  )
}

function Workbook({ sheets, name }: { sheets: readonly Sheet[]; name: string }) {
  const [chosen, setChosen] = useState(0)
  const sheet = sheets[chosen] ?? sheets[0]
  if (sheet === undefined) return <EmptyState icon={FileText} title={t('computer.thereIsNoSheetIn')} />
  return (
    <div className="flex h-full flex-col">
      <div className="min-h-0 flex-1">
        {sheet.rows.length === 0 ? (
          <EmptyState icon={FileText} title={t('computer.thisSheetIsEmpty')} />
        ) : (
          <DataTable name={`${name}: ${sheet.name}`} head={sheet.columns} rows={sheet.rows} numbered />
        )}
      </div>
      {sheet.cut && <p className="shrink-0 border-t px-4 py-2 text-muted">{t('computer.onlyTheBeginningOfThis')}</p>}
      {sheets.length > 1 && (
        <div
          role="group"
          aria-label={t('computer.sheets')}
          className="flex shrink-0 gap-1 overflow-x-auto border-t bg-panel p-1"
        >
          {sheets.map((one, place) => (
            <Button
              key={place}
              look="ghost"
              size="small"
              aria-pressed={place === chosen}
              onClick={() => {
                setChosen(place)
              }}
            >
              {one.name}
            </Button>
          ))}
        </div>
      )}
    </div>
  )
}
