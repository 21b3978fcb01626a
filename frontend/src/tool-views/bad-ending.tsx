/** That a command ended badly: short to look at, and whole to whom it is read aloud. */
import type { BadEnding } from '@/protocol/ending'
import { t } from '@/words'

export function EndingText({ ending }: { ending: BadEnding }) {
  if (ending === 'timed out') return t('tools.timedOut')
  return (
    <>
      <span aria-hidden="true">{t('tools.exit', { code: ending })}</span>
      <span className="sr-only">{t('tools.endedWithExit', { code: ending })}</span>
    </>
  )
}
