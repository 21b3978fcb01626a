/** A table of data, as it is: its head stays, numbers stand right. */
import type { ReactNode } from 'react'
import { cn } from '@/ui/cn'

export type Cell = string | number | null

interface DataTableProps {
  name: string
  head: readonly string[]
  rows: readonly (readonly Cell[])[]
  /** Whether rows bear their number, from 1, as in a spreadsheet. */
  numbered?: boolean
  /** What is said below it. */
  children?: ReactNode
}

export function DataTable({ name, head, rows, numbered = false, children }: DataTableProps) {
  return (
    <div tabIndex={0} role="region" aria-label={name} className="h-full overflow-auto">
      <table className="min-w-full border-collapse tabular-nums">
        <thead>
          <tr>
            {numbered && <td className="sticky top-0 border-b bg-panel" />}
            {head.map((cell, place) => (
              <th
                key={place}
                scope="col"
                className={cn(
                  'sticky top-0 border-b bg-panel px-3 py-1.5 text-left font-medium',
                  numbered && 'text-center text-muted text-xs',
                )}
              >
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={place} className="border-b">
              {numbered && (
                <th scope="row" className="border-r bg-panel px-2 text-right font-normal text-muted text-xs">
                  {place + 1}
                </th>
              )}
              {row.map((cell, column) => (
                <td
                  key={column}
                  className={cn('whitespace-nowrap px-3 py-1.5', typeof cell === 'number' && 'text-right')}
                >
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {children}
    </div>
  )
}
