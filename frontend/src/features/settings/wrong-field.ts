/** What the service refused of an agent, at the field of the form where it stands and in the page's words. */
import { placeOf } from '@/protocol/agents'
import type { AgentDraft, AgentField } from '@/protocol/agents'
import { ApiError } from '@/runtime/api'
import { t } from '@/words'

export interface WrongField {
  readonly field: AgentField
  readonly problem: string
}

const MOST_SHOWN = 60

/** Null: the refusal is about none of its fields. */
export function wrongField(draft: AgentDraft, error: unknown): WrongField | null {
  if (!(error instanceof ApiError)) return null
  for (const { field: path, problem } of error.fields) {
    const place = placeOf(draft, path)
    if (place === null) continue
    const { field } = place
    if (field === 'model') return { field, problem: t('settings.thisModelCannotBeUsed') }
    // Of a whole list, such as one that is too long, the service says what is wrong.
    if (place.value === null) return { field, problem }
    const value = place.value.length > MOST_SHOWN ? `${place.value.slice(0, MOST_SHOWN)}…` : place.value
    return { field, problem: t(field === 'hosts' ? 'settings.noHost' : 'settings.noPattern', { value }) }
  }
  return null
}

/** What is wrong with one field. */
export function problemOf(wrong: WrongField | null, field: AgentField): string | undefined {
  return wrong?.field === field ? wrong.problem : undefined
}
