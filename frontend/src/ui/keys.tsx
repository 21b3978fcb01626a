/** A key combination, as this machine's keyboard names it. */
import { cn } from './cn'
import { t } from '@/words'

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** `mod` is Command on a Mac and Control elsewhere. */
export function keyNames(keys: string): string[] {
  return keys.split('+').map((key) => {
    if (key === 'mod') return MAC ? '⌘' : t('ui.control')
    if (key === 'shift') return MAC ? '⇧' : t('ui.shift')
    if (key === 'enter') return '↵'
    return key.length === 1 ? key.toUpperCase() : key
  })
}

export function Keys({ keys, className }: { keys: string; className?: string }) {
  return (
    <span className="inline-flex gap-1" aria-hidden="true">
      {keyNames(keys).map((name) => (
        <kbd
          key={name}
          className={cn(
            'min-w-4 rounded-[4px] border border-line px-1 text-center font-sans text-xs leading-4 text-muted',
            className,
          )}
        >
          {name}
        </kbd>
      ))}
    </span>
  )
}
