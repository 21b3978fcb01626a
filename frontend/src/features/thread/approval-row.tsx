/** What the agent may only do when a person says so: each call as it would run, and the decision about it. */
import { ShieldQuestion } from 'lucide-react'
import { useId, useState } from 'react'
import type { Approval, Question } from '@/protocol/types'
import { decide } from '@/runtime/send'
import type { Verdict } from '@/runtime/send'
import { useSending } from '@/runtime/use-sending'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { t } from '@/words'
import { CallArguments } from './call-arguments'

export function ApprovalRow({ question, approvals }: { question: Question; approvals: readonly Approval[] }) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="appear my-4 rounded-md border border-accent/50 bg-raised p-4">
      <div className="flex gap-2.5">
        <ShieldQuestion size={18} className="mt-0.5 shrink-0 text-accent" aria-hidden="true" />
        <p id={id} className="text-base">
          {question.text.split('\n')[0]}
        </p>
      </div>
      {approvals.length === 0 ? (
        <p className="mt-2 text-muted">{t('thread.allIsDecidedTheTask')}</p>
      ) : (
        <ul className="mt-3 flex flex-col gap-3">
          {approvals.map((approval) => (
            <li key={approval.id}>
              <Choice approval={approval} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Choice({ approval }: { approval: Approval }) {
  const { sending, problem, send } = useSending()
  // The stream tells that it is decided, and the line goes.
  const [draft, setDraft] = useState<string | null>(null)
  const [wrong, setWrong] = useState(false)
  const decided = (verdict: Verdict): void => {
    const changed = draft === null || verdict === 'deny' ? null : read(draft)
    setWrong(changed === undefined)
    if (changed !== undefined) void send(() => decide(approval, verdict, changed))
  }

  return (
    <div role="group" aria-label={approval.tool} className="rounded-sm border p-3">
      <p className="font-medium font-mono text-sm">{approval.tool}</p>
      {draft === null ? (
        <CallArguments tool={approval.tool} given={approval.arguments} />
      ) : (
        <textarea
          autoFocus
          value={draft}
          spellCheck={false}
          aria-label={t('thread.itsArgumentsAsJson')}
          aria-invalid={wrong}
          onChange={(event) => {
            setDraft(event.target.value)
          }}
          className="field-sizing-content mt-2 block max-h-60 min-h-16 w-full resize-none rounded-sm border bg-bg p-2 font-mono text-sm"
        />
      )}
      <div className="mt-2 flex flex-wrap gap-2">
        <Button
          look="primary"
          disabled={sending}
          onClick={() => {
            decided('once')
          }}
        >
          {draft === null ? t('thread.approve') : t('thread.approveAsChanged')}
        </Button>
        <Button
          look="danger"
          disabled={sending}
          onClick={() => {
            decided('deny')
          }}
        >
          {t('thread.deny')}
        </Button>
        <Button
          look="ghost"
          disabled={sending}
          onClick={() => {
            setWrong(false)
            setDraft(draft === null ? JSON.stringify(approval.arguments, null, 2) : null)
          }}
        >
          {draft === null ? t('thread.edit') : t('thread.leaveAsItWas')}
        </Button>
        <Button
          look="ghost"
          disabled={sending || draft !== null}
          title={t('thread.nobodyIsAskedAgainIn', { pattern: approval.pattern })}
          onClick={() => {
            decided('always')
          }}
        >
          {t('thread.alwaysInThisThread')}
        </Button>
      </div>
      {wrong && <Alert className="mt-2">{t('thread.thisIsNoJsonObject')}</Alert>}
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </div>
  )
}

/** Arguments out of what a person wrote; undefined where it is none. */
function read(text: string): Approval['arguments'] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Approval['arguments']
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return undefined
}
