/** A table that scrolls by itself, and that can be taken along. */
import { Download } from 'lucide-react'
import { useRef } from 'react'
import type { CSSProperties, ReactNode } from 'react'
import { extractTableDataFromElement, tableDataToCSV, tableDataToMarkdown } from 'streamdown'
import type { TableData } from 'streamdown'
import { IconButton } from '../button'
import { CopyButton, save } from '../clipboard'
import { t } from '@/words'

export function Table({ children }: { children?: ReactNode }) {
  const table = useRef<HTMLTableElement>(null)
  const data = (): TableData =>
    table.current === null ? { headers: [], rows: [] } : extractTableDataFromElement(table.current)
  return (
    <div className="group/table relative mb-3 rounded-md border">
      <div className="absolute top-0.5 right-0.5 z-10 rounded-sm bg-bg opacity-0 transition-opacity focus-within:opacity-100 group-hover/table:opacity-100 pointer-coarse:opacity-100">
        <CopyButton text={() => tableDataToMarkdown(data())} label={t('ui.copyTable')} />
        <IconButton
          label={t('ui.downloadAsCsv')}
          size="icon-small"
          onClick={() => {
            save(tableDataToCSV(data()), 'table.csv')
          }}
        >
          <Download size={14} />
        </IconButton>
      </div>
      <div tabIndex={0} role="region" aria-label={t('ui.table')} className="max-h-[480px] overflow-auto">
        <table ref={table}>{children}</table>
      </div>
    </div>
  )
}

export function Head({ children }: { children?: ReactNode }) {
  return <thead>{children}</thead>
}

export function Body({ children }: { children?: ReactNode }) {
  return <tbody>{children}</tbody>
}

export function TableRow({ children }: { children?: ReactNode }) {
  return <tr>{children}</tr>
}

interface CellProps {
  children?: ReactNode
  /** How the column is aligned. */
  style?: CSSProperties
}

export function HeadCell({ children, style }: CellProps) {
  return (
    <th scope="col" style={{ textAlign: style?.textAlign }}>
      {children}
    </th>
  )
}

export function Cell({ children, style }: CellProps) {
  return <td style={{ textAlign: style?.textAlign }}>{children}</td>
}
