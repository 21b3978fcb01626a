/**
 * Short notices over the page. What draws them comes after the first picture (app/toaster.tsx); a notice that is earlier
 * waits for it.
 */
import type { ExternalToast } from 'sonner'

let drawn: () => void = () => undefined
const ready = new Promise<void>((resolve) => {
  drawn = resolve
})

/** Called when notices can be seen. */
export function toasterIsThere(): void {
  drawn()
}

/** Says something that needs no answer. */
export function toast(text: string, options?: ExternalToast): void {
  void ready.then(async () => (await import('sonner')).toast(text, options))
}

/** Says what went wrong. */
toast.error = (text: string): void => {
  void ready.then(async () => (await import('sonner')).toast.error(text))
}
