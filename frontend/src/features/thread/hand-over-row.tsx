/** The agent asks a person to take over its browser: what they should do there, and how. */
import { MousePointerClick } from 'lucide-react'
import { useId, useState } from 'react'
import type { SyntheticEvent } from 'react'
import { TakeOver } from '@/features/computer/take-over'
import type { Question } from '@/protocol/types'
import { useDriving } from '@/runtime/driving'
import { usePanel } from '@/runtime/panel'
import { answerRun } from '@/runtime/send'
import { useSending } from '@/runtime/use-sending'
import { useThreadSession, useThreadState } from '@/runtime/use-thread'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { Markdown } from '@/ui/markdown/markdown'
import { t } from '@/words'

export function HandOverRow({ runId, question }: { runId: string; question: Question }) {
  const session = useThreadSession()
  const address = useThreadState((state) => state.content.runs.get(runId)?.browser?.address ?? '')
  const mine = useDriving((state) => state.runId === runId)
  const show = usePanel((state) => state.show)
  const id = useId()
  const [text, setText] = useState('')
  const { sending, problem, send } = useSending()
  const answer = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (text.trim() === '') return
    void send(async () => {
      session.takeRun(await answerRun(runId, text.trim()))
    })
  }
  return (
    <section aria-labelledby={id} className="appear my-4 rounded-md border border-accent/50 bg-raised p-4">
      <div className="flex gap-2.5">
        <MousePointerClick size={18} className="mt-0.5 shrink-0 text-accent" aria-hidden="true" />
        <div className="min-w-0">
          <p id={id} className="font-medium text-base">
            {t('thread.yourTurnInTheBrowser')}
          </p>
          <Markdown text={question.text} />
        </div>
      </div>
      {mine ? (
        <div className="mt-3 flex flex-wrap items-center gap-3">
          <Button
            size="large"
            onClick={() => {
              show('browser')
            }}
          >
            {t('thread.showTheBrowser')}
          </Button>
          <p className="text-muted">{t('thread.youHaveTheBrowserThe')}</p>
        </div>
      ) : (
        !session.readOnly && (
          <div className="mt-3 flex flex-wrap items-start gap-2">
            <TakeOver runId={runId} address={address} look="primary" size="large" />
            <form onSubmit={answer} className="flex min-w-60 flex-1 gap-2">
              <input
                value={text}
                onChange={(event) => {
                  setText(event.target.value)
                }}
                aria-label={t('thread.yourAnswer')}
                placeholder={t('thread.orTellItHowTo')}
                className="h-9 min-w-0 flex-1 rounded-sm border bg-bg px-3 placeholder:text-muted"
              />
              <Button type="submit" size="large" disabled={text.trim() === '' || sending}>
                {t('thread.answer')}
              </Button>
            </form>
          </div>
        )
      )}
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </section>
  )
}
