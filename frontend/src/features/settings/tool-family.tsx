/** A family of tools: one rule for all of them, or, opened, one for each. */
import { ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import { leaveOf, withLeave } from '@/protocol/agents'
import type { AgentDraft, Leave } from '@/protocol/agents'
import type { ToolInfo } from '@/protocol/types'
import { useMayWrite } from '@/runtime/rights'
import { cn } from '@/ui/cn'
import { Segments } from '@/ui/segments'
import { t } from '@/words'

export const LEAVES: readonly { value: Leave; title: string }[] = [
  {
    value: 'allow',
    get title() {
      return t('settings.use')
    },
  },
  {
    value: 'ask',
    get title() {
      return t('settings.askFirst')
    },
  },
  {
    value: 'deny',
    get title() {
      return t('settings.off')
    },
  },
]

interface ToolFamilyProps {
  family: string
  tools: readonly ToolInfo[]
  draft: AgentDraft
  onChange: (draft: AgentDraft) => void
}

export function ToolFamily({ family, tools, draft, onChange }: ToolFamilyProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  const mayWrite = useMayWrite()
  const leaves = new Set(tools.map(({ name }) => leaveOf(draft, name)))
  const [common] = leaves
  return (
    <li>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-3 py-2">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => {
            setOpen(!open)
          }}
          className="flex min-h-8 min-w-0 flex-1 basis-48 items-center gap-2 rounded-sm text-left"
        >
          <ChevronRight
            size={14}
            aria-hidden="true"
            className={cn('shrink-0 text-muted transition-transform duration-100', open && 'rotate-90')}
          />
          <span className="font-medium first-letter:uppercase">{family}</span>
          <span className="text-muted text-sm">
            {t(leaves.size > 1 ? 'settings.toolsDifferently' : 'settings.toolCount', { count: tools.length })}
          </span>
        </button>
        <span className="max-sm:pl-[22px]">
          <Segments
            small
            disabled={!mayWrite}
            legend={t('settings.allOfFamily', { family })}
            value={leaves.size === 1 && common !== undefined ? common : null}
            options={LEAVES}
            onChange={(leave) => {
              onChange(tools.reduce((changed, { name }) => withLeave(changed, name, leave), draft))
            }}
          />
        </span>
      </div>
      {open && (
        <ul id={id} className="border-t bg-bg/60 px-3 py-1">
          {tools.map(({ name, summary }) => (
            <li key={name} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-1.5 pl-[22px]">
              <span className="min-w-0 flex-1 basis-48">
                <span className="font-mono text-sm">{name}</span>
                <span className="block text-muted text-sm sm:truncate">{summary}</span>
              </span>
              <Segments
                small
                disabled={!mayWrite}
                legend={name}
                value={leaveOf(draft, name)}
                options={LEAVES}
                onChange={(leave) => {
                  onChange(withLeave(draft, name, leave))
                }}
              />
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
