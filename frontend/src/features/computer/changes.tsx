/** What the agent changed in files, as far as its file tools tell: one file under the other, line by line. */
import { ChevronRight, FileDiff, File as FileIcon } from 'lucide-react'
import { useMemo, useState } from 'react'
import { fileChanges } from '@/protocol/changes'
import type { FileChange } from '@/protocol/changes'
import { usePanel } from '@/runtime/panel'
import { useThreadState } from '@/runtime/use-thread'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { Diff } from '@/ui/diff'
import { counted, diff } from '@/ui/diff-lines'
import type { DiffLine } from '@/ui/diff-lines'
import { EmptyState } from '@/ui/empty-state'
import { t } from '@/words'

const WORDS = { made: 'computer.new', deleted: 'computer.deleted' } as const

export function Changes() {
  const calls = useThreadState((state) => state.content.calls)
  const changes = useMemo(() => fileChanges(calls.values()), [calls])
  if (changes.length === 0)
    return <EmptyState icon={FileDiff} title={t('computer.noChangesYet')} note={t('computer.whatTheAgentWritesInto')} />
  return (
    <ul aria-label={t('computer.changedFiles')} className="flex flex-col gap-3 p-4">
      {changes.map((change) => (
        <li key={change.path}>
          <Changed change={change} />
        </li>
      ))}
    </ul>
  )
}

function Changed({ change }: { change: FileChange }) {
  const [open, setOpen] = useState(true)
  const show = usePanel((state) => state.show)
  const blocks = useMemo(() => blocksOf(change), [change])
  const { added, removed } = counted(blocks.flat())
  return (
    <section aria-label={change.path} className="overflow-hidden rounded-md border bg-raised">
      <div className="flex h-9 items-center gap-1 pr-1">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open)
          }}
          className="flex h-full min-w-0 flex-1 items-center gap-2 rounded-md pl-2.5 text-left"
        >
          <ChevronRight
            size={13}
            aria-hidden="true"
            className={cn('shrink-0 text-muted transition-transform duration-100', open && 'rotate-90')}
          />
          <FileIcon size={14} aria-hidden="true" className="shrink-0 text-muted" />
          <span className="min-w-0 truncate font-mono text-sm">{change.path}</span>
          {change.kind !== 'changed' && <span className="shrink-0 text-muted text-sm">{t(WORDS[change.kind])}</span>}
          <span className="ml-auto flex shrink-0 gap-2 text-sm tabular-nums">
            {added > 0 && <span className="text-ok">+{added}</span>}
            {removed > 0 && <span className="text-err">−{removed}</span>}
          </span>
        </button>
        {change.kind !== 'deleted' && (
          <Button
            look="ghost"
            size="small"
            aria-label={t('computer.openPath', { path: change.path })}
            onClick={() => {
              show('files', change.path)
            }}
          >
            {t('computer.open')}
          </Button>
        )}
      </div>
      {open &&
        blocks.map((lines, place) => (
          <Diff
            key={place}
            lines={lines}
            label={t('computer.changesOfPath', { path: change.path })}
            className="max-h-96 border-t"
          />
        ))}
    </section>
  )
}

function blocksOf({ before, after, parts }: FileChange): DiffLine[][] {
  return after === null ? parts.map((part) => diff(part.before, part.after)) : [diff(before, after)]
}
