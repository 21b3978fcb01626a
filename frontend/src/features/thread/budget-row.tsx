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

const STOP = 'Stop here'
const FIELDS: readonly { name: keyof Amounts; title: string; step: string; least: number }[] = [
  { name: 'cost_usd', title: 'US dollars', step: '0.01', least: 0.01 },
  { name: 'tokens', title: 'Tokens', step: '1', least: 1 },
  { name: 'steps', title: 'Steps', step: '1', least: 1 },
  { name: 'seconds', title: 'Seconds', step: '1', least: 1 },
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
            {title} more
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
          A word for the agent
          <input
            value={note}
            onChange={(event) => {
              setNote(event.target.value)
            }}
            placeholder="If you like"
            className="h-9 rounded-sm border bg-bg px-3 text-base text-fg placeholder:text-muted"
          />
        </label>
      </div>
      <div className="mt-3 flex gap-2">
        <Button type="submit" look="primary" disabled={sending || !valid}>
          Extend and go on
        </Button>
        <Button look="danger" disabled={sending} onClick={stop}>
          {STOP}
        </Button>
      </div>
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </form>
  )
}
