/** What a thread shows. */
import type { Row, ThreadState } from '@/protocol/state'

export function rows(state: ThreadState): Row[] {
  return state.rowIds.map((id) => state.rows.get(id)).filter((row) => row !== undefined)
}

export function kinds(state: ThreadState): string[] {
  return rows(state).map((row) => (row.kind === 'call' ? `call ${row.call.name} ${row.call.state}` : row.kind))
}
