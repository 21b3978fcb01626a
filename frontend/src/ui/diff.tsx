/** Changed lines, with a few of the same ones around them. */
import { cn } from './cn'
import { shortened } from './diff-lines'
import type { DiffLine } from './diff-lines'
import { t } from '@/words'

const SIGNS = { same: ' ', added: '+', removed: '-', gap: ' ' } as const
const WORDS = { added: 'ui.added', removed: 'ui.removed' } as const

interface DiffProps {
  lines: readonly DiffLine[]
  label: string
  className?: string
}

export function Diff({ lines, label, className }: DiffProps) {
  return (
    <div tabIndex={0} role="region" aria-label={label} className={cn('overflow-auto', className)}>
      <pre className="w-max min-w-full py-1 font-mono text-sm leading-[1.6]">
        {shortened(lines).map((line, place) =>
          line.kind === 'gap' ? (
            <span key={place} className="block border-line border-y bg-panel px-3 text-muted">
              …
            </span>
          ) : (
            <span
              key={place}
              className={cn('block pr-3', line.kind === 'added' && 'bg-ok/12', line.kind === 'removed' && 'bg-err/12')}
            >
              <span aria-hidden="true" className="inline-block w-10 select-none pr-2 text-right text-muted">
                {line.after ?? line.before}
              </span>
              <span
                aria-hidden="true"
                className={cn(
                  'inline-block w-4 select-none',
                  line.kind === 'added' && 'text-ok',
                  line.kind === 'removed' && 'text-err',
                )}
              >
                {SIGNS[line.kind]}
              </span>
              {line.kind !== 'same' && <span className="sr-only">{t(WORDS[line.kind])}: </span>}
              {line.text}
              {'\n'}
            </span>
          ),
        )}
      </pre>
    </div>
  )
}
