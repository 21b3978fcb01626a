/** What the agent ran and what came of it, as a terminal would show it. */
import { CircleAlert, SquareTerminal } from 'lucide-react'
import { memo, useEffect, useRef } from 'react'
import { badEndingOf, writtenBy } from '@/protocol/ending'
import type { Call } from '@/protocol/state'
import { useThreadState } from '@/runtime/use-thread'
import { EndingText } from '@/tool-views/bad-ending'
import { cn } from '@/ui/cn'
import { EmptyState } from '@/ui/empty-state'
import { TerminalText } from '@/ui/terminal-text'
import { t } from '@/words'

/** Older commands stay in the thread. */
const MOST = 100

export function Terminal() {
  const calls = useThreadState((state) => state.content.calls)
  const commands = [...calls.values()].filter((call) => call.name === 'shell').slice(-MOST)
  const scroller = useRef<HTMLDivElement>(null)
  const follows = useRef(true)

  useEffect(() => {
    const element = scroller.current
    if (element !== null && follows.current) element.scrollTop = element.scrollHeight
  }, [calls])

  return (
    <div
      ref={scroller}
      onScroll={({ currentTarget: at }) => {
        follows.current = at.scrollHeight - at.scrollTop - at.clientHeight < 40
      }}
      tabIndex={0}
      role="region"
      aria-label={t('computer.terminal')}
      className="h-full overflow-auto p-4 font-mono text-sm leading-[1.6]"
    >
      {commands.length === 0 && (
        <EmptyState
          icon={SquareTerminal}
          title={t('computer.nothingWasRunYet')}
          note={t('computer.eachCommandStandsHere')}
        />
      )}
      {commands.map((call) => (
        <Command key={call.id} call={call} />
      ))}
    </div>
  )
}

const Command = memo(function Command({ call }: { call: Call }) {
  const command = call.arguments.command
  const ending = badEndingOf(call)
  return (
    <div className="mb-4 whitespace-pre-wrap [overflow-wrap:anywhere]">
      <div>
        <span className={cn('select-none', ending === null ? 'text-ok' : 'text-warn')}>$ </span>
        <span className="font-medium">{typeof command === 'string' ? command : ''}</span>
      </div>
      {call.state !== 'writing' && <TerminalText text={writtenBy(call)} />}
      {ending !== null && (
        <div className="flex items-center gap-1.5 text-warn">
          <CircleAlert size={13} aria-hidden="true" /> <EndingText ending={ending} />
        </div>
      )}
      {call.state === 'running' && (
        <span className="pulse-dot ml-0.5 inline-block h-[14px] w-[7px] translate-y-[2px] bg-fg" aria-hidden="true" />
      )}
    </div>
  )
})
