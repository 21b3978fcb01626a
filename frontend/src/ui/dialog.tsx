/** A dialog in the middle, or a sheet from an edge. */
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { IconButton } from './button'
import { cn } from './cn'
import { t } from '@/words'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** Hidden titles are still read aloud. */
  titleHidden?: boolean
  side?: 'middle' | 'left' | 'right' | 'bottom'
  className?: string
  children: ReactNode
}

const PLACES = {
  middle: 'left-1/2 top-[14vh] max-h-[76vh] w-[min(560px,calc(100vw-24px))] -translate-x-1/2 rounded-md border',
  left: 'inset-y-0 left-0 w-[min(300px,88vw)] border-r',
  right: 'inset-y-0 right-0 w-[min(560px,94vw)] border-l',
  bottom: 'inset-x-0 bottom-0 h-[86dvh] rounded-t-lg border-t',
}

/** Not the button that closes it, whose hint would be shown before anybody asked. */
function focusContent(event: Event): void {
  event.preventDefault()
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus()
}

export function Dialog({
  open,
  onOpenChange,
  title,
  titleHidden = false,
  side = 'middle',
  className,
  children,
}: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/30 dark:bg-black/55" />
        <Radix.Content
          aria-describedby={undefined}
          {...(!titleHidden && { onOpenAutoFocus: focusContent })}
          onEscapeKeyDown={(event) => {
            // What takes all keys takes this one too.
            if (document.activeElement?.closest('[data-takes-keys]') != null) event.preventDefault()
          }}
          className={cn(
            'appear fixed z-40 flex flex-col overflow-hidden bg-raised outline-none',
            PLACES[side],
            className,
          )}
        >
          <div
            className={titleHidden ? 'sr-only' : 'flex h-12 shrink-0 items-center justify-between border-b pr-2 pl-4'}
          >
            <Radix.Title className="font-semibold text-base">{title}</Radix.Title>
            {!titleHidden && (
              <Radix.Close asChild>
                <IconButton label={t('ui.close')} size="icon-small">
                  <X size={16} />
                </IconButton>
              </Radix.Close>
            )}
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
