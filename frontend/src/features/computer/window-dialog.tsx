/** A dialog that the page in the browser holds open, for the person who has it. */
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import type { BrowserDialog } from '@/protocol/types'
import { act } from '@/runtime/driving'
import { Button } from '@/ui/button'
import { t } from '@/words'

export function WindowDialog({ dialog }: { dialog: BrowserDialog }) {
  const [text, setText] = useState(dialog.default)
  const answer = (accept: boolean): void => {
    act({ type: 'dialog', accept, text: dialog.type === 'prompt' && accept ? text : '' })
  }
  return (
    <form
      role="alertdialog"
      aria-label={t('computer.thePageAsks')}
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault()
        answer(true)
      }}
      onKeyDown={(event) => {
        event.stopPropagation()
      }}
      className="absolute inset-x-0 top-0 z-10 mx-auto max-w-96 rounded-b-md border border-t-0 bg-raised p-4"
    >
      <p className="max-h-32 overflow-auto whitespace-pre-wrap [overflow-wrap:anywhere]">
        {dialog.message === '' ? t('computer.thePageAsksToGo') : dialog.message}
      </p>
      {dialog.type === 'prompt' && (
        <input
          autoFocus
          value={text}
          aria-label={t('computer.yourAnswerToThePage')}
          autoComplete="off"
          onChange={(event) => {
            setText(event.target.value)
          }}
          className="mt-2 h-8 w-full rounded-sm border bg-bg px-2"
        />
      )}
      <div className="mt-3 flex justify-end gap-2">
        {dialog.type !== 'alert' && (
          <Button
            onClick={() => {
              answer(false)
            }}
          >
            {t('computer.cancel')}
          </Button>
        )}
        <Button type="submit" look="primary" autoFocus={dialog.type !== 'prompt'}>
          {t('computer.ok')}
        </Button>
      </div>
    </form>
  )
}
