/** What the agent asks, as a form: one of the offered answers, or one's own words. */
import { MessageCircleQuestion, Paperclip } from 'lucide-react'
import { useId, useState } from 'react'
import type { SyntheticEvent } from 'react'
import type { Call } from '@/protocol/state'
import type { Question } from '@/protocol/types'
import { usePanel } from '@/runtime/panel'
import { answerRun } from '@/runtime/send'
import { useThreadSession } from '@/runtime/use-thread'
import { useSending } from '@/runtime/use-sending'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { t } from '@/words'
import { QuestionText, UnsureCalls } from './unsure-calls'

interface QuestionRowProps {
  runId: string
  question: Question
  calls: readonly Call[]
}

export function QuestionRow({ runId, question, calls }: QuestionRowProps) {
  const session = useThreadSession()
  const show = usePanel((state) => state.show)
  const id = useId()
  const [choice, setChoice] = useState('')
  const [text, setText] = useState('')
  const { sending, problem, send } = useSending()
  const answer = text.trim() === '' ? choice : text.trim()

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (answer === '') return
    void send(async () => {
      session.takeRun(await answerRun(runId, answer))
    })
  }

  return (
    <form
      aria-labelledby={id}
      onSubmit={submit}
      className="appear my-4 rounded-md border border-accent/50 bg-raised p-4"
    >
      <div id={id} className="flex gap-2.5">
        <MessageCircleQuestion size={18} className="mt-0.5 shrink-0 text-accent" aria-hidden="true" />
        <QuestionText text={question.text} calls={calls} />
      </div>
      <UnsureCalls calls={calls} />
      {question.attachments.length > 0 && (
        <div className="mt-2 flex flex-wrap gap-2">
          {question.attachments.map((path) => (
            <Button
              key={path}
              size="small"
              onClick={() => {
                show('files', path)
              }}
            >
              <Paperclip size={13} /> {path}
            </Button>
          ))}
        </div>
      )}
      {question.choices.length > 0 && (
        <fieldset className="mt-3 flex flex-col gap-1.5">
          <legend className="sr-only">{t('thread.offeredAnswers')}</legend>
          {question.choices.map((offered) => (
            <label
              key={offered}
              className={cn(
                'flex min-h-9 cursor-pointer items-center gap-2.5 rounded-sm border px-3 py-1.5 hover:bg-hover',
                choice === offered && 'border-accent',
              )}
            >
              <input
                type="radio"
                name={id}
                value={offered}
                checked={choice === offered}
                onChange={() => {
                  setChoice(offered)
                }}
                className="accent-accent"
              />
              {offered}
            </label>
          ))}
        </fieldset>
      )}
      {question.reason === 'tool_results' && <p className="mt-2 text-muted">{t('thread.theProgramThatStartedThis')}</p>}
      <div className="mt-3 flex gap-2">
        <input
          value={text}
          onChange={(event) => {
            setText(event.target.value)
          }}
          aria-label={t('thread.yourAnswer')}
          placeholder={question.choices.length > 0 ? t('thread.orInYourOwnWords') : t('thread.yourAnswer')}
          className="h-9 min-w-0 flex-1 rounded-sm border bg-bg px-3 text-base placeholder:text-muted"
        />
        <Button type="submit" look="primary" size="large" disabled={answer === '' || sending}>
          {t('thread.answer')}
        </Button>
      </div>
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </form>
  )
}
