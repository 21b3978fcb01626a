/** What a call is given, as it is: for who decides about it. */
import type { Call } from '@/protocol/state'
import { argumentsOf } from '@/tool-views'
import { t } from '@/words'

export function CallArguments({ tool, given }: { tool: string; given: Call['arguments'] }) {
  return (
    <pre
      tabIndex={0}
      aria-label={t('thread.itsArguments')}
      role="region"
      className="mt-1.5 max-h-60 overflow-auto whitespace-pre-wrap text-muted text-sm [overflow-wrap:anywhere]"
    >
      {argumentsOf(tool, given).map(([name, value]) => (
        <div key={name}>
          {name}: <span className="text-fg">{shown(value)}</span>
        </div>
      ))}
    </pre>
  )
}

/** A value as it would be given; an empty text is seen as one. */
function shown(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value, null, 2)
}
