/** The browser's window in a person's hands: the live picture, and over it what takes pointer, keys and text. */
import { useEffect, useId, useRef } from 'react'
import type { ClipboardEvent, KeyboardEvent, SyntheticEvent } from 'react'
import { stroke } from '@/protocol/driving'
import { act, useDriving } from '@/runtime/driving'
import { Keys } from '@/ui/keys'
import { t } from '@/words'
import { WindowDialog } from './window-dialog'
import { usePointer } from './window-input'
import { Rich } from '@/ui/rich'

const TWICE_MS = 700

/** `onLeave`: the person pressed Escape twice. */
export function DrivenWindow({ onLeave }: { onLeave: () => void }) {
  const picture = useDriving((state) => state.picture)
  const dialog = useDriving((state) => state.look?.dialog ?? null)
  const surface = useRef<HTMLTextAreaElement>(null)
  const escaped = useRef(0)
  const hint = useId()
  const pointer = usePointer(surface)

  useEffect(() => {
    if (dialog === null) surface.current?.focus({ preventScroll: true })
  }, [dialog])

  const onKeyDown = (event: KeyboardEvent): void => {
    // The page's own shortcuts stay out of it.
    event.stopPropagation()
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Escape') {
      const twice = event.timeStamp - escaped.current < TWICE_MS
      escaped.current = twice ? 0 : event.timeStamp
      if (twice) {
        event.preventDefault()
        onLeave()
        return
      }
    }
    const pastes = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'v'
    const pressed = stroke(event)
    if (pressed === null || pastes) return
    event.preventDefault()
    act(pressed)
  }
  const takeText = (event: SyntheticEvent<HTMLTextAreaElement>): void => {
    const field = event.currentTarget
    if (field.value === '') return
    act({ type: 'text', text: field.value.slice(0, 500) })
    field.value = ''
  }
  const onPaste = (event: ClipboardEvent): void => {
    event.preventDefault()
    const text = event.clipboardData.getData('text/plain').slice(0, 20_000)
    if (text !== '') act({ type: 'paste', text })
  }

  return (
    <div className="group/window min-h-0 flex-1 overflow-auto p-4">
      <div className="relative aspect-[1280/800] w-full overflow-hidden rounded-md border bg-white group-focus-within/window:border-accent group-focus-within/window:ring-2 group-focus-within/window:ring-accent/40">
        {picture !== null && (
          <img src={`data:image/jpeg;base64,${picture}`} alt="" draggable={false} className="size-full select-none" />
        )}
        <textarea
          ref={surface}
          data-takes-keys=""
          aria-label={t('computer.theBrowsersWindowWhatYou')}
          aria-describedby={hint}
          autoComplete="off"
          autoCorrect="off"
          autoCapitalize="off"
          spellCheck={false}
          onKeyDown={onKeyDown}
          onInput={(event) => {
            if (!event.nativeEvent.isComposing) takeText(event)
          }}
          onCompositionEnd={takeText}
          onPaste={onPaste}
          onContextMenu={(event) => {
            event.preventDefault()
          }}
          {...pointer}
          className="absolute inset-0 size-full cursor-default touch-none resize-none bg-transparent text-transparent caret-transparent outline-none"
        />
        {dialog !== null && <WindowDialog dialog={dialog} />}
      </div>
      <p id={hint} className="mt-2 flex items-center gap-1.5 text-muted text-sm">
        <span className="sr-only">{t('computer.escapeTwiceLeaves')}</span>
        <span aria-hidden="true" className="flex flex-wrap items-center gap-1.5">
          <Rich
            of="computer.keysLeave"
            parts={{
              keys: (
                <span className="flex gap-1">
                  <Keys keys="Esc" /> <Keys keys="Esc" />
                </span>
              ),
            }}
          />
        </span>
      </p>
    </div>
  )
}
