/** The first minute: what to ask for, which model answers, and what to set for a better one. */
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { toast } from 'sonner'
import { Composer } from '@/features/composer/composer'
import { changeDraft } from '@/features/composer/draft'
import { useChoices, useStandardModel } from '@/features/composer/choices'
import { explain } from '@/runtime/api'
import { useModels } from '@/runtime/queries'
import { useMayWrite } from '@/runtime/rights'
import { createThread, newKey, sendTask } from '@/runtime/send'
import type { Task } from '@/runtime/send'
import { t } from '@/words'
import { Rich } from '@/ui/rich'
import { Suggestions } from './suggestions'

const DRAFT = 'new'
export function Start({ actions }: { actions: ReactNode }) {
  const navigate = useNavigate()
  const choices = useChoices()
  const mayWrite = useMayWrite()

  const send = async (task: Task): Promise<boolean> => {
    try {
      const threadId = await createThread()
      try {
        await sendTask(threadId, task)
      } catch (error) {
        // The thread is there; what was written goes with the person to it.
        changeDraft(threadId, { text: task.text, files: task.files })
        toast.error(explain(error))
      }
      void navigate({ to: '/t/$threadId', params: { threadId } })
      return true
    } catch (error) {
      toast.error(explain(error))
      return false
    }
  }

  return (
    <main className="flex h-full min-w-0 flex-1 flex-col overflow-y-auto">
      <header className="flex h-12 shrink-0 items-center px-3">{actions}</header>
      <div className="mx-auto my-auto w-full max-w-[720px] px-5 pb-[12vh]">
        <h1 className="mb-6 text-center font-semibold text-xl tracking-tight">
          {t(mayWrite ? 'start.whatShallIDoFor' : 'start.chooseAThread')}
        </h1>
        <Composer draftKey={DRAFT} placeholder={t('start.describeATask')} onSend={send} autoFocus />
        {mayWrite && <ModelNote />}
        {mayWrite && (
          <>
            <h2 className="mt-8 mb-2 text-muted">{t('start.tryOneOfThese')}</h2>
            <Suggestions
              onChoose={(prompt) =>
                void send({ ...choices, text: prompt, files: [], delivery: 'queue', key: newKey() })
              }
            />
          </>
        )}
      </div>
    </main>
  )
}

function ModelNote() {
  const { data } = useModels()
  const { model: chosen } = useChoices()
  const standard = useStandardModel()
  if (data === undefined) return <p className="mt-3 h-5" />
  const model = chosen ?? standard ?? data.default
  if (model === 'demo') {
    return (
      <div className="mt-3 rounded-md border bg-panel px-3 py-2.5 text-muted">
        <Rich
          of="start.demoNote"
          parts={{
            notice: <strong className="font-medium text-fg">{t('start.theDemoModelIsIn')}</strong>,
            anthropic: <code className="font-mono text-fg text-sm">ANTHROPIC_API_KEY</code>,
            openai: <code className="font-mono text-fg text-sm">OPENAI_API_KEY</code>,
          }}
        />
      </div>
    )
  }
  return (
    <p className="mt-3 text-center text-muted">
      <Rich of="start.willDoIt" parts={{ model: <span className="text-fg">{model}</span> }} />
    </p>
  )
}
