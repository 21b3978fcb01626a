/** The sheets of a workbook, as far as they are shown: their first rows and columns. */
import readWorkbook from 'read-excel-file/web-worker'
import type { Cell } from '../data-table'

export const MOST_ROWS = 500
const MOST_COLUMNS = 60
const MOST_SHEETS = 30
const LONGEST_CELL = 1000
/** Beyond it a number shows only what binary fractions do to it. */
const DIGITS = 12

export interface Sheet {
  readonly name: string
  /** As long as the longest row. */
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Whether there is more than what is here. */
  readonly cut: boolean
}

/** Reads a workbook. Raises an Error when it is none. */
export async function readSheets(file: ArrayBuffer): Promise<Sheet[]> {
  const sheets = await readWorkbook(file)
  return sheets.slice(0, MOST_SHEETS).map(({ sheet, data }) => {
    const widest = data.reduce((width, row) => Math.max(width, row.length), 0)
    const width = Math.min(widest, MOST_COLUMNS)
    return {
      name: sheet,
      columns: Array.from({ length: width }, (_, column) => letters(column)),
      rows: data
        .slice(0, MOST_ROWS)
        .map((row) => Array.from({ length: width }, (_, column) => shown(row[column] ?? null))),
      cut: data.length > MOST_ROWS || widest > MOST_COLUMNS,
    }
  })
}

/** The name of a column: A to Z, then AA. */
export function letters(column: number): string {
  const last = String.fromCodePoint(65 + (column % 26))
  return column < 26 ? last : letters(Math.floor(column / 26) - 1) + last
}

/** A value as a cell shows it. */
export function shown(value: unknown): Cell {
  if (typeof value === 'number') return Number(value.toPrecision(DIGITS))
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  // A workbook knows no zones of time: its dates come as if they were UTC.
  if (value instanceof Date)
    return Number.isNaN(value.getTime())
      ? null
      : value
          .toISOString()
          .replace(/T00:00:00\.000Z$/, '')
          .replace('T', ' ')
          .replace(/(:00)?\.\d+Z$/, '')
  return typeof value === 'string' ? value.slice(0, LONGEST_CELL) : null
}
