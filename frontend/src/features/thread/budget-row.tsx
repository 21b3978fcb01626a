/** A run whose budget is used up: how much more it may have, or its end. */
import { Gauge } from 'lucide-react'
import { useId, useState } from 'react'
import type { SyntheticEvent } from 'react'
import type { Amounts, Question } from '@/protocol/types'
import { answerRun } from '@/runtime/send'
import { useSending } from '@/runtime/use-sending'
import { useThreadSession } from '@/runtime/use-thread'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { t } from '@/words'

/** The answer that ends the run: the service knows it by this text. */
const STOP = 'Stop here'
const FIELDS: readonly { name: keyof Amounts; title: string; step: string; least: number }[] = [
  {
    name: 'cost_usd',
    get title() {
      return t('thread.moreDollars')
    },
    step: '0.01',
    least: 0.01,
  },
  {
    name: 'tokens',
    get title() {
      return t('thread.moreTokens')
    },
    step: '1',
    least: 1,
  },
  {
    name: 'steps',
    get title() {
      return t('thread.moreSteps')
    },
    step: '1',
    least: 1,
  },
  {
    name: 'seconds',
    get title() {
      return t('thread.moreSeconds')
    },
    step: '1',
    least: 1,
  },
]

export function BudgetRow({ runId, question, asked }: { runId: string; question: Question; asked: Amounts }) {
  const session = useThreadSession()
  const id = useId()
  const fields = FIELDS.filter(({ name }) => asked[name] != null)
  const [more, setMore] = useState(() => Object.fromEntries(fields.map(({ name }) => [name, String(asked[name])])))
  const [note, setNote] = useState('')
  const { sending, problem, send } = useSending()
  const valid = fields.every(({ name, least }) => Number(more[name]) >= least)

  const extend = (event: SyntheticEvent): void => {
    event.preventDefault()
    const budget = Object.fromEntries(fields.map(({ name }) => [name, Number(more[name])]))
    void send(async () => {
      session.takeRun(await answerRun(runId, note.trim(), budget))
    })
  }
  const stop = (): void =>
    void send(async () => {
      session.takeRun(await answerRun(runId, STOP))
    })

  return (
    <form
      aria-labelledby={id}
      onSubmit={extend}
      className="appear my-4 rounded-md border border-accent/50 bg-raised p-4"
    >
      <div className="flex gap-2.5">
        <Gauge size={18} className="mt-0.5 shrink-0 text-accent" aria-hidden="true" />
        <p id={id} className="text-base">
          {question.text}
        </p>
      </div>
      <div className="mt-3 flex flex-wrap items-end gap-3">
        {fields.map(({ name, title, step, least }) => (
          <label key={name} className="flex flex-col gap-1 text-muted">
            {title}
            <input
              type="number"
              inputMode="decimal"
              min={least}
              step={step}
              value={more[name]}
              onChange={(event) => {
                setMore({ ...more, [name]: event.target.value })
              }}
              className="h-9 w-32 rounded-sm border bg-bg px-3 text-base text-fg tabular-nums"
            />
          </label>
        ))}
        <label className="flex min-w-48 flex-1 flex-col gap-1 text-muted">
          {t('thread.aWordForTheAgent')}
          <input
            value={note}
            onChange={(event) => {
              setNote(event.target.value)
            }}
            placeholder={t('thread.ifYouLike')}
            className="h-9 rounded-sm border bg-bg px-3 text-base text-fg placeholder:text-muted"
          />
        </label>
      </div>
      <div className="mt-3 flex gap-2">
        <Button type="submit" look="primary" disabled={sending || !valid}>
          {t('thread.extendAndGoOn')}
        </Button>
        <Button look="danger" disabled={sending} onClick={stop}>
          {t('thread.stopHere')}
        </Button>
      </div>
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </form>
  )
}
