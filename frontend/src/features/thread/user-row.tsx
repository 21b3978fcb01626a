/** What a person wrote: read, waiting for its turn, or being written anew. */
import { Clock3, CornerDownRight, Pencil, X } from 'lucide-react'
import { useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { toast } from 'sonner'
import type { Row } from '@/protocol/state'
import { explain } from '@/runtime/api'
import { useMayWrite } from '@/runtime/rights'
import { changeTask, editMessage, stopRun } from '@/runtime/send'
import { useIsBusy, useThreadSession } from '@/runtime/use-thread'
import { Button, IconButton } from '@/ui/button'
import { CopyButton } from '@/ui/clipboard'
import { cn } from '@/ui/cn'
import { t } from '@/words'
import { BranchPicker } from './branch-picker'
import { useEditing } from './editing'

type UserRowData = Extract<Row, { kind: 'user' }>

export function UserRow({ row }: { row: UserRowData }) {
  const session = useThreadSession()
  const busy = useIsBusy()
  const mayWrite = useMayWrite()
  const [draft, setDraft] = useEditing(row.id)
  const pencil = useRef<HTMLButtonElement>(null)
  const waits = row.queued ? row.runId : null
  const stored = row.siblings.length > 0 && !row.unread

  const leave = (): void => {
    setDraft(null)
    // The pencil is there again after this.
    setTimeout(() => pencil.current?.focus())
  }
  const save = async (text: string): Promise<void> => {
    if (waits !== null) session.takeRun(await changeTask(waits, text))
    else await session.noticeRun(await editMessage(session.threadId, row.id, text))
    leave()
  }
  const withdraw = async (runId: string): Promise<void> => {
    try {
      session.takeRun(await stopRun(runId))
    } catch (error) {
      toast.error(explain(error))
    }
  }

  if (draft !== null)
    return (
      <Editor
        text={draft}
        original={row.text}
        hint={waits !== null ? t('thread.itIsChangedBeforeIts') : t('thread.theAnswerBeginsAnewWhat')}
        action={waits !== null ? t('thread.save') : t('thread.send')}
        onChange={setDraft}
        onSave={save}
        onCancel={leave}
      />
    )
  const edit = (
    <IconButton
      ref={pencil}
      label={waits !== null ? t('thread.edit') : t('thread.editAndAskAgain')}
      size="icon-small"
      onClick={() => {
        setDraft(row.text)
      }}
    >
      <Pencil size={13} />
    </IconButton>
  )
  return (
    <div className={cn('group/user mt-6 flex flex-col items-end', stored && waits === null ? 'mb-1' : 'mb-4')}>
      <div
        className={cn(
          'max-w-[85%] whitespace-pre-wrap rounded-lg border bg-panel px-4 py-2.5 text-base leading-relaxed [overflow-wrap:anywhere]',
          (row.queued || row.unread) && 'border-dashed bg-transparent text-muted',
        )}
      >
        {row.text}
      </div>
      {row.unread && (
        <Waiting>
          <CornerDownRight size={12} aria-hidden="true" /> {t('thread.sentItIsReadNext')}
        </Waiting>
      )}
      {waits !== null && (
        <Waiting>
          <Clock3 size={12} aria-hidden="true" /> {t('thread.queuedItBegins')}
          {mayWrite && (
            <>
              {edit}
              <IconButton label={t('thread.withdraw')} size="icon-small" onClick={() => void withdraw(waits)}>
                <X size={13} />
              </IconButton>
            </>
          )}
        </Waiting>
      )}
      {stored && waits === null && (
        <div className="mt-1 flex h-7 items-center">
          <div className="flex opacity-0 transition-opacity focus-within:opacity-100 group-hover/user:opacity-100 pointer-coarse:opacity-100">
            <CopyButton text={() => row.text} label={t('thread.copy')} />
            {!busy && !session.readOnly && mayWrite && edit}
          </div>
          <BranchPicker id={row.id} siblings={row.siblings} what="versions" />
        </div>
      )}
    </div>
  )
}

function Waiting({ children }: { children: ReactNode }) {
  return <span className="mt-1 flex min-h-7 items-center gap-1 text-muted text-sm">{children}</span>
}

interface EditorProps {
  text: string
  original: string
  hint: string
  action: string
  onChange: (text: string) => void
  onSave: (text: string) => Promise<void>
  onCancel: () => void
}

function Editor({ text, original, hint, action, onChange, onSave, onCancel }: EditorProps) {
  const [saving, setSaving] = useState(false)
  const wanted = text.trim()
  const save = async (): Promise<void> => {
    if (saving || wanted === '') return
    setSaving(true)
    try {
      if (wanted === original.trim()) onCancel()
      else await onSave(wanted)
    } catch (error) {
      toast.error(explain(error))
      setSaving(false)
    }
  }
  return (
    <form
      aria-label={t('thread.editTheMessage')}
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
      className="mt-6 mb-4 rounded-lg border border-muted bg-raised p-2"
    >
      <textarea
        autoFocus
        value={text}
        aria-label={t('thread.theMessage')}
        onFocus={({ target }) => {
          target.setSelectionRange(target.value.length, target.value.length)
        }}
        onChange={(event) => {
          onChange(event.target.value)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onCancel()
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          void save()
        }}
        className="field-sizing-content block max-h-[40dvh] w-full resize-none bg-transparent px-2 py-1.5 text-base leading-relaxed outline-none"
      />
      <div className="mt-1 flex items-center gap-2">
        <span className="min-w-0 flex-1 px-2 text-muted text-sm">{hint}</span>
        <Button onClick={onCancel}>{t('thread.cancel')}</Button>
        <Button type="submit" look="primary" disabled={saving || wanted === ''}>
          {action}
        </Button>
      </div>
    </form>
  )
}
