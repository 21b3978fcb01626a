/** The workspace as it was before: which versions are kept and why, and the way to have one back. */
import { ArrowLeft, History, Plus } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { ThreadState } from '@/protocol/state'
import type { WorkspaceVersion } from '@/protocol/types'
import { explain } from '@/runtime/api'
import { useMayWrite } from '@/runtime/rights'
import { useAction } from '@/runtime/use-action'
import { useFileChanges, useIsBusy, useThreadState } from '@/runtime/use-thread'
import { keepVersion, restoreVersion, useVersions } from '@/runtime/versions'
import { Alert } from '@/ui/alert'
import { Button, IconButton } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { EmptyState } from '@/ui/empty-state'
import { bytes, moment } from '@/ui/format'
import { toast } from 'sonner'
import { t } from '@/words'

export default function Versions({ projectId, onBack }: { projectId: string; onBack: () => void }) {
  // Not the button beside it, whose hint would be shown before anybody asked.
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus()
  }, [])
  const { data, error } = useVersions(projectId, useFileChanges())
  const mayWrite = useMayWrite()
  const { busy, problem, act } = useAction()
  const working = useIsBusy()
  const why = !mayWrite
    ? t('computer.versions.viewersCannot')
    : working
      ? t('computer.versions.whileATaskGoesOn')
      : null
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-10 shrink-0 items-center gap-1 border-b px-2">
        <IconButton label={t('computer.backToAllFiles')} size="icon-small" onClick={onBack}>
          <ArrowLeft size={15} />
        </IconButton>
        <h2 ref={heading} tabIndex={-1} className="min-w-0 flex-1 truncate font-medium outline-none">
          {t('computer.versions.title')}
        </h2>
        {data?.supported === true && mayWrite && (
          <Button
            look="ghost"
            size="small"
            disabled={busy}
            onClick={() =>
              void act(async () => {
                await keepVersion(projectId)
                toast(t('computer.versions.isKept'))
              })
            }
          >
            <Plus size={14} aria-hidden="true" /> {t('computer.versions.keepOneNow')}
          </Button>
        )}
      </div>
      <div className="min-h-0 flex-1 overflow-auto">
        {problem !== null && <Alert className="px-4 pt-3">{problem}</Alert>}
        {error !== null && <Alert className="p-4">{explain(error)}</Alert>}
        {data?.supported === false && (
          <EmptyState icon={History} title={t('computer.versions.noneHere')} note={t('computer.versions.notHere')} />
        )}
        {data?.supported === true && data.items.length === 0 && (
          <EmptyState icon={History} title={t('computer.versions.none')} note={t('computer.versions.noneYet')} />
        )}
        {data !== undefined && data.items.length > 0 && (
          <>
            <p className="px-4 pt-3 pb-2 text-muted">{why ?? t('computer.versions.whatRestoringDoes')}</p>
            <ul aria-label={t('computer.versions.title')} className="px-2 pb-2">
              {data.items.map((version) => (
                <Line key={version.id} version={version} projectId={projectId} restorable={why === null} />
              ))}
            </ul>
          </>
        )}
      </div>
    </div>
  )
}

interface LineProps {
  version: WorkspaceVersion
  projectId: string
  restorable: boolean
}

function Line({ version, projectId, restorable }: LineProps) {
  const { busy, problem, act } = useAction()
  const task = useThreadState(({ content }) => taskOf(content, version.run_id ?? ''))
  const time = moment(version.made_at)
  const restore = (): void => {
    void act(async () => {
      await restoreVersion(projectId, version.id)
      toast(t('computer.versions.isBack', { time }))
    })
  }
  return (
    <li className="rounded-sm px-2 py-2 hover:bg-hover/60">
      <div className="flex min-h-8 items-center gap-3">
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <time dateTime={version.made_at} className="font-medium tabular-nums">
              {time}
            </time>
            <span className="text-muted text-xs tabular-nums">{bytes(version.size_bytes)}</span>
          </span>
          <span className="block truncate text-muted text-sm">{causeOf(version, task)}</span>
        </span>
        {restorable && (
          <Confirm
            look="plain"
            label={t('computer.versions.restoreThatOf', { time })}
            verb={t('computer.versions.restore')}
            leave={t('computer.cancel')}
            busy={busy}
            onConfirm={restore}
          >
            {busy ? t('computer.versions.restoring') : t('computer.versions.restore')}
          </Confirm>
        )}
      </div>
      {problem !== null && <Alert className="mt-1">{problem}</Alert>}
    </li>
  )
}

/** What a run was asked to do: its own text until its turn came, the message's from then on. */
function taskOf({ runs, entries }: ThreadState, runId: string): string {
  const run = runs.get(runId)
  const said = entries.get(run?.messageId ?? '')?.parts.find((part) => part.type === 'text')
  return said?.text ?? run?.input ?? ''
}

/** Why it was kept, with the task where this thread knows it. */
function causeOf({ reason, note }: WorkspaceVersion, task: string): string {
  switch (reason) {
    case 'before_run':
      return task === '' ? t('computer.versions.beforeATask') : t('computer.versions.beforeTheTask', { task })
    case 'after_run':
      return task === '' ? t('computer.versions.afterATask') : t('computer.versions.afterTheTask', { task })
    case 'before_restore':
      return t('computer.versions.beforeARestore')
    case 'asked':
      return note === '' ? t('computer.versions.asked') : note
  }
}
