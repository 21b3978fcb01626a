/** Where a task is written: Enter sends, files can be dropped or pasted, a run can be stopped. */
import { ArrowUp, Eye, Paperclip, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { ClipboardEvent, DragEvent, KeyboardEvent } from 'react'
import { useMayWrite } from '@/runtime/rights'
import { newKey } from '@/runtime/send'
import type { Task } from '@/runtime/send'
import { Button, IconButton } from '@/ui/button'
import { cn } from '@/ui/cn'
import { t } from '@/words'
import { AgentChoice } from './agent-choice'
import { Attachments } from './attachments'
import { useDraft, withFiles } from './draft'
import { useChoices, useDelivery } from './choices'
import { DeliveryChoice } from './delivery-choice'
import { ModelChoice } from './model-choice'
import { TaskOptions } from './task-options'

const LONG_PASTE = 8000

interface ComposerProps {
  /** Names the draft. */
  draftKey: string
  placeholder: string
  /** Tells whether it was sent; what was written stays otherwise. */
  onSend: (task: Task) => Promise<boolean>
  /** Given while a run goes on. */
  onStop?: (() => void) | undefined
  stopping?: boolean
  /** A run works: the person chooses when what is written is read. */
  steers?: boolean
  /** Why nothing can be sent now; what is written stays. */
  held?: string | null
  autoFocus?: boolean
}

/** Who may only read is told so, in the place where others write. */
export function Composer(props: ComposerProps) {
  return useMayWrite() ? (
    <Writing {...props} />
  ) : (
    <p className="flex items-start gap-2.5 rounded-lg border bg-panel px-4 py-3.5 text-muted">
      <Eye size={16} className="mt-px shrink-0" aria-hidden="true" />
      {t('composer.viewersCannot')}
    </p>
  )
}

function Writing({
  draftKey,
  placeholder,
  onSend,
  onStop,
  stopping = false,
  steers = false,
  held = null,
  autoFocus = false,
}: ComposerProps) {
  const [{ text, files }, change] = useDraft(draftKey)
  const [sending, setSending] = useState(false)
  const [over, setOver] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const key = useRef(newKey())
  const choices = useChoices()
  const wanted = useDelivery()
  const delivery = steers ? wanted : 'steer'
  const empty = text.trim() === '' && files.length === 0

  useEffect(() => {
    if (autoFocus && window.matchMedia('(pointer: fine)').matches) area.current?.focus()
  }, [autoFocus, draftKey])

  const send = async (): Promise<void> => {
    if (empty || sending || held !== null) return
    setSending(true)
    try {
      if (await onSend({ ...choices, text: text.trim(), files, delivery, key: key.current })) {
        key.current = newKey()
        change({ text: '', files: [] })
      }
    } finally {
      setSending(false)
      area.current?.focus()
    }
  }

  const attach = (more: Iterable<File>): void => {
    change({ files: withFiles(files, more) })
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter takes its suggestion.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    void send()
  }

  const onPaste = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length > 0) {
      event.preventDefault()
      attach(event.clipboardData.files)
      return
    }
    const pasted = event.clipboardData.getData('text/plain')
    if (pasted.length > LONG_PASTE) {
      event.preventDefault()
      attach([new File([pasted], 'pasted.txt', { type: 'text/plain' })])
    }
  }

  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    attach(event.dataTransfer.files)
  }

  return (
    <form
      aria-label={t('composer.task')}
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
      }}
      onDrop={onDrop}
      className={cn(
        'rounded-lg border bg-raised transition-colors focus-within:border-muted/60',
        over && 'border-accent bg-accent/5',
      )}
    >
      <Attachments
        files={files}
        onRemove={(file) => {
          change({ files: files.filter((other) => other !== file) })
        }}
      />
      <textarea
        ref={area}
        value={text}
        rows={1}
        onChange={(event) => {
          change({ text: event.target.value })
        }}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        placeholder={over ? t('composer.dropFilesHere') : (held ?? placeholder)}
        aria-label={t('composer.yourTask')}
        data-composer=""
        className="block field-sizing-content max-h-[40dvh] min-h-[52px] w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-base leading-relaxed outline-none placeholder:text-muted"
      />
      {held !== null && !empty && (
        <p role="status" className="px-4 pt-1 text-muted">
          {held}
        </p>
      )}
      <div className="flex items-center gap-1 p-2">
        <IconButton label={t('composer.attachFiles')} onClick={() => picker.current?.click()}>
          <Paperclip size={16} />
        </IconButton>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            attach(event.target.files ?? [])
            event.target.value = ''
          }}
        />
        <TaskOptions />
        <ModelChoice />
        <AgentChoice />
        <span className="flex-1" />
        {steers && !empty && <DeliveryChoice />}
        {onStop !== undefined && (
          <Button look="plain" onClick={onStop} disabled={stopping} className="shrink-0 rounded-full">
            <Square size={11} fill="currentColor" aria-hidden="true" />
            <span className="max-[480px]:sr-only">{stopping ? t('composer.stopping') : t('composer.stop')}</span>
          </Button>
        )}
        {(onStop === undefined || !empty) && (
          <IconButton
            label={sending ? t('composer.sending') : t('composer.send')}
            keys="enter"
            type="submit"
            look="primary"
            disabled={empty || sending || held !== null}
            className="rounded-full"
          >
            <ArrowUp size={17} strokeWidth={2.4} />
          </IconButton>
        )}
      </div>
    </form>
  )
}
