/** The keyboard: which keys do what, and who listens to them. */
import { useEffect } from 'react'

export interface Shortcut {
  /** As `mod+k`; `mod` is Command on a Mac and Control elsewhere. */
  readonly keys: string
  readonly title: string
  readonly run: () => void
}

export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const found = shortcuts.find((shortcut) => matches(shortcut.keys, event))
      if (found === undefined) return
      event.preventDefault()
      found.run()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => {
      window.removeEventListener('keydown', onKeyDown)
    }
  }, [shortcuts])
}

function matches(keys: string, event: KeyboardEvent): boolean {
  const parts = keys.split('+')
  const key = parts.at(-1)
  const mod = parts.includes('mod')
  if (event.key.toLowerCase() !== key || mod !== (event.metaKey || event.ctrlKey) || event.altKey) return false
  if (mod) return parts.includes('shift') === event.shiftKey
  // Plain keys belong to what is being written.
  const at = event.target
  return !(at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)))
}
