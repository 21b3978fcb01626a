/** One tool call: a row of fixed height, and what it did when it is opened. */
import { Check, ChevronRight, CircleAlert, CircleHelp, CircleSlash, LoaderCircle, PanelRight, X } from 'lucide-react'
import { useState } from 'react'
import { badEndingOf } from '@/protocol/ending'
import type { Call } from '@/protocol/state'
import { Raw, viewOf } from '@/tool-views'
import { EndingText } from '@/tool-views/bad-ending'
import { Button, IconButton } from '@/ui/button'
import { cn } from '@/ui/cn'
import { duration } from '@/ui/format'
import { usePanel } from '@/runtime/panel'
import { t } from '@/words'
import { useExpanded } from './expanded'

const WORDS = {
  waiting: 'thread.waiting',
  running: 'thread.running',
  ok: 'thread.done',
  error: 'thread.failed',
  unknown: 'thread.outcomeUnknown',
  stopped: 'thread.notExecuted',
} as const
const PLACES = {
  terminal: 'thread.showInTheTerminal',
  browser: 'thread.showInTheBrowser',
  files: 'thread.showInTheFiles',
} as const

export function CallRow({ call }: { call: Call }) {
  const [open, setOpen] = useExpanded(call.id)
  const [raw, setRaw] = useState(false)
  const { icon: Icon, verb, target, prose, Detail, Aside, panel, file } = viewOf(call)
  const show = usePanel((state) => state.show)
  return (
    <div className="my-1 rounded-md border bg-raised">
      <div className="flex h-9 items-center">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open)
          }}
          className="flex h-full min-w-0 flex-1 items-center gap-2 rounded-md pr-2 pl-3 text-left"
        >
          <Icon size={15} className="shrink-0 text-muted" aria-hidden="true" />
          <span className="shrink-0 font-medium">{verb}</span>
          <span className={cn('min-w-0 flex-1 truncate text-muted', !prose && 'font-mono text-sm')}>
            {target(call)}
          </span>
          <Status call={call} />
          <ChevronRight
            size={14}
            aria-hidden="true"
            className={cn('shrink-0 text-muted transition-transform duration-100', open && 'rotate-90')}
          />
        </button>
        {Aside !== undefined && <Aside call={call} />}
      </div>
      {open && (
        <div className="appear border-t">
          {raw ? <Raw call={call} /> : <Detail call={call} />}
          {call.fault !== null && !call.output.includes(firstLine(call.fault)) && (
            <p className="px-3 pb-2 text-err text-sm">{call.fault}</p>
          )}
          <div className="flex items-center justify-between border-t px-2 py-1">
            <Button
              look="ghost"
              size="small"
              aria-pressed={raw}
              onClick={() => {
                setRaw(!raw)
              }}
            >
              {t('thread.raw')}
            </Button>
            {panel !== null && (
              <IconButton
                label={t(PLACES[panel])}
                size="icon-small"
                onClick={() => {
                  const path = call.arguments[file ?? '']
                  show(panel, panel !== 'files' ? undefined : typeof path === 'string' ? path : null)
                }}
              >
                <PanelRight size={14} />
              </IconButton>
            )}
          </div>
        </div>
      )}
    </div>
  )
}

/** What a tool says of its failure is also its result: then that is enough. */
function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}

function Status({ call }: { call: Call }) {
  const { state } = call
  const active = state === 'writing' || state === 'running'
  const ending = badEndingOf(call)
  const text =
    state === 'writing' ? t('thread.writingCount', { count: call.written }) : state === 'ok' ? '' : t(WORDS[state])
  return (
    <span className="flex shrink-0 items-center gap-1.5 text-muted text-sm tabular-nums">
      {text !== '' && (
        <span
          className={cn(state === 'error' && 'text-err', (state === 'unknown' || state === 'stopped') && 'text-warn')}
        >
          {text}
        </span>
      )}
      {ending !== null && (
        <span className="text-warn">
          <EndingText ending={ending} />
        </span>
      )}
      {call.durationMs !== null && call.durationMs >= 1 && <span>{duration(call.durationMs)}</span>}
      {state === 'ok' && ending === null && <Check size={14} className="text-ok" aria-label={t('thread.done')} />}
      {ending !== null && <CircleAlert size={14} className="text-warn" aria-hidden="true" />}
      {state === 'error' && <X size={14} className="text-err" aria-hidden="true" />}
      {state === 'stopped' && <CircleSlash size={14} className="text-warn" aria-hidden="true" />}
      {state === 'unknown' && <CircleHelp size={14} className="text-warn" aria-hidden="true" />}
      {active && <LoaderCircle size={14} className="animate-spin text-accent" aria-hidden="true" />}
    </span>
  )
}
