/** One agent: what it is told, what it works with, and what it may. */
import { Link } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { SyntheticEvent } from 'react'
import { toast } from 'sonner'
import type { AgentDraft } from '@/protocol/agents'
import type { ToolInfo } from '@/protocol/types'
import { deleteAgent, saveAgent } from '@/runtime/agents'
import { useModels } from '@/runtime/queries'
import { useMayWrite } from '@/runtime/rights'
import { useAction } from '@/runtime/use-action'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { AREA, Field, INPUT } from '@/ui/field'
import { t } from '@/words'
import { AgentNetwork } from './agent-network'
import { AgentTools } from './agent-tools'
import { ReadersNote, Section } from './parts'
import { problemOf, wrongField } from './wrong-field'
import type { WrongField } from './wrong-field'

interface AgentFormProps {
  /** Null: a new agent. */
  id: string | null
  start: AgentDraft
  tools: readonly ToolInfo[]
  onLeave: () => void
}

export function AgentForm({ id, start, tools, onLeave }: AgentFormProps) {
  const [draft, setDraft] = useState(start)
  const [wrong, setWrong] = useState<WrongField | null>(null)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (wrong !== null) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  }, [wrong])
  const { data: models } = useModels()
  const { busy, problem, act } = useAction()
  const mayWrite = useMayWrite()
  const change = (changes: Partial<AgentDraft>): void => {
    setDraft((before) => ({ ...before, ...changes }))
    setWrong(null)
  }
  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    await act(async () => {
      try {
        await saveAgent(id, draft)
      } catch (error) {
        const found = wrongField(draft, error)
        if (found === null) throw error
        setWrong(found)
        return
      }
      toast(id === null ? t('settings.theAgentIsMade') : t('settings.theAgentIsChangedTasks'))
      onLeave()
    })
  }
  const remove = async (): Promise<void> => {
    if (id !== null && (await act(() => deleteAgent(id)))) onLeave()
  }
  const gone = draft.model !== null && models?.items.every((model) => model.id !== draft.model) === true
  return (
    <Section
      title={id === null ? t('settings.newAgent') : start.name}
      action={
        id !== null &&
        mayWrite && (
          <Confirm
            label={t('settings.deleteName', { name: start.name })}
            verb={t('settings.delete')}
            busy={busy}
            onConfirm={() => void remove()}
          >
            {t('settings.delete')}
          </Confirm>
        )
      }
    >
      <Link
        to="/settings/$"
        params={{ _splat: 'agents' }}
        className="-mt-3 flex w-fit items-center gap-1.5 rounded-sm text-muted hover:text-fg"
      >
        <ArrowLeft size={14} aria-hidden="true" /> {t('settings.allAgents')}
      </Link>
      <ReadersNote />
      <form
        ref={form}
        onSubmit={(event) => void submit(event)}
        aria-label={t('settings.agent')}
        className="flex flex-col gap-6 [&_[aria-invalid]]:scroll-mb-28"
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('settings.name')} problem={problemOf(wrong, 'name')}>
            {(ids) => (
              <input
                {...ids}
                value={draft.name}
                maxLength={200}
                readOnly={!mayWrite}
                onChange={(event) => {
                  change({ name: event.target.value })
                }}
                autoComplete="off"
                placeholder={t('settings.analyst')}
                className={INPUT}
              />
            )}
          </Field>
          <Field
            label={t('settings.model')}
            note={gone && wrong?.field !== 'model' ? t('settings.thisModelCannotBeUsed') : undefined}
            problem={problemOf(wrong, 'model')}
          >
            {(ids) => (
              <select
                {...ids}
                value={draft.model ?? ''}
                disabled={!mayWrite}
                onChange={(event) => {
                  change({ model: event.target.value === '' ? null : event.target.value })
                }}
                className={INPUT}
              >
                <option value="">
                  {models === undefined ? t('settings.default') : t('settings.defaultIs', { model: models.default })}
                </option>
                {gone && <option>{draft.model}</option>}
                {models?.items.map(({ id: model }) => (
                  <option key={model} value={model}>
                    {model}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <Field
          label={t('settings.instructions')}
          note={t('settings.whatItShallKnowAnd')}
          problem={problemOf(wrong, 'instructions')}
        >
          {(ids) => (
            <textarea
              {...ids}
              value={draft.instructions}
              maxLength={100_000}
              readOnly={!mayWrite}
              onChange={(event) => {
                change({ instructions: event.target.value })
              }}
              placeholder={t('settings.youAreAnAnalystSay')}
              className={`${AREA} min-h-32`}
            />
          )}
        </Field>
        <AgentTools draft={draft} tools={tools} wrong={wrong} onChange={change} />
        <AgentNetwork draft={draft} wrong={wrong} onChange={change} />
        {problem !== null && <Alert>{problem}</Alert>}
        {mayWrite && (
          <div className="sticky bottom-0 -mx-1 flex gap-2 border-t bg-bg px-1 py-3">
            <Button type="submit" look="primary" disabled={busy || draft.name.trim() === ''}>
              {id === null ? t('settings.makeTheAgent') : t('settings.save')}
            </Button>
            <Button onClick={onLeave}>{t('settings.cancel')}</Button>
          </div>
        )}
      </form>
    </Section>
  )
}
