/** The easy look of a thread: what was said and asked, the plan, and what the agent does as steps in a row. */
import type { Call, Row, ThreadState } from './state'
import type { Plan } from './types'

export type EasyRow =
  | Row
  | { readonly kind: 'plan'; readonly id: string; readonly plan: Plan }
  | { readonly kind: 'steps'; readonly id: string; readonly calls: readonly Call[]; readonly live: boolean }

export interface EasyView {
  readonly rows: ReadonlyMap<string, EasyRow>
  readonly rowIds: readonly string[]
}

/** Remembers the view of the newest state, so that what did not change stays the same object. */
export class EasyLook {
  #state: ThreadState | null = null
  #view: EasyView = { rows: new Map(), rowIds: [] }

  of(state: ThreadState): EasyView {
    if (state === this.#state) return this.#view
    const rows = new Map<string, EasyRow>()
    for (const row of build(state)) {
      const known = this.#view.rows.get(row.id)
      rows.set(row.id, known !== undefined && same(known, row) ? known : row)
    }
    const ids = [...rows.keys()]
    const before = this.#view.rowIds
    const unchanged = ids.length === before.length && ids.every((id, place) => id === before[place])
    this.#state = state
    this.#view = { rows, rowIds: unchanged ? before : ids }
    return this.#view
  }
}

function* build(state: ThreadState): Generator<EasyRow> {
  const planned = new Set<string>()
  let calls: Call[] = []
  let first = ''
  function* steps(live: boolean): Generator<EasyRow> {
    if (first !== '' && (calls.length > 0 || live)) yield { kind: 'steps', id: `steps:${first}`, calls, live }
    calls = []
    first = ''
  }
  for (const id of state.rowIds) {
    const row = state.rows.get(id)
    if (row === undefined) continue
    const hidden = row.kind === 'call' && (row.call.name !== 'complete' || row.call.state === 'error')
    if (!hidden && row.kind !== 'reasoning' && row.kind !== 'working') {
      yield* steps(false)
      yield row
      continue
    }
    if (row.kind === 'call') {
      const { runId } = row.call
      const plan = state.runs.get(runId)?.plan ?? null
      if (plan !== null && !planned.has(runId)) {
        planned.add(runId)
        yield* steps(false)
        yield { kind: 'plan', id: `plan:${runId}`, plan }
      }
    }
    // A step that writes itself anew keeps its place.
    if (first === '') first = row.kind === 'working' ? row.id : id
    if (row.kind === 'call' && row.call.name !== 'update_plan') calls.push(row.call)
    else if (row.kind === 'working') yield* steps(true)
  }
  yield* steps(false)
}

function same(one: EasyRow, other: EasyRow): boolean {
  if (one === other) return true
  if (one.kind === 'plan' && other.kind === 'plan') return one.plan === other.plan
  if (one.kind !== 'steps' || other.kind !== 'steps') return false
  return (
    one.live === other.live &&
    one.calls.length === other.calls.length &&
    one.calls.every((call, place) => call === other.calls[place])
  )
}
