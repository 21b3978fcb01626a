/** What the agent's browser shows, as it changes: address, title and a picture; and taking it over. */
import { Globe } from 'lucide-react'
import { useEffect, useState } from 'react'
import { runsInOrder } from '@/protocol/state'
import type { BrowserView } from '@/protocol/state'
import { useBrowserPicture, useLiveLook } from '@/runtime/browser'
import { resumeBrowser, useDriving } from '@/runtime/driving'
import { useMayWrite } from '@/runtime/rights'
import { useThreadSession, useThreadState } from '@/runtime/use-thread'
import { Alert } from '@/ui/alert'
import { EmptyState } from '@/ui/empty-state'
import { useObjectUrl } from '@/ui/object-url'
import { t } from '@/words'
import { Driven } from './driven'
import { TakeOver } from './take-over'

export function Browser() {
  const runs = useThreadState((state) => state.content.runs)
  const run = runsInOrder({ runs }).findLast(
    ({ browser, question }) => browser !== null || question?.reason === 'hand_over',
  )
  const driven = useDriving((state) => state.runId)
  const runId = run?.id ?? null
  useEffect(() => {
    if (runId !== null) void resumeBrowser(runId)
  }, [runId])
  // Who hands it back finds the focus where the window was.
  const [before, setBefore] = useState(driven)
  const [handedBack, setHandedBack] = useState(false)
  if (before !== driven) {
    setBefore(driven)
    setHandedBack(driven === null)
  }

  if (driven !== null && runs.has(driven)) return <Driven />
  if (run === undefined)
    return (
      <EmptyState icon={Globe} title={t('computer.theBrowserWasNotUsed')} note={t('computer.whenTheAgentOpensAPage')} />
    )
  const view = run.browser ?? { address: '', title: '', seq: 0 }
  return (
    <Page key={run.id} runId={run.id} view={view} waits={run.question?.reason === 'hand_over'} focused={handedBack} />
  )
}

interface PageProps {
  runId: string
  view: BrowserView
  waits: boolean
  focused: boolean
}

function Page({ runId, view, waits, focused }: PageProps) {
  const { readOnly } = useThreadSession()
  const mayWrite = useMayWrite()
  const problem = useDriving((state) => state.problem)
  const look = useLiveLook(runId, waits && !readOnly)
  const { data, error } = useBrowserPicture(runId, view.seq)
  const kept = useObjectUrl(data)
  const current = look?.tabs.find((tab) => tab.current) ?? view
  const url = look?.picture == null ? kept : `data:image/jpeg;base64,${look.picture}`
  const name = current.title === '' ? t('computer.aPageWithoutATitle') : current.title
  return (
    <div className="flex h-full flex-col">
      <div className="flex shrink-0 items-center gap-3 border-b px-4 py-2">
        <div className="min-w-0 flex-1">
          <h2 className="truncate font-medium" title={current.title}>
            {name}
          </h2>
          <p className="flex items-center gap-1.5 text-muted text-sm">
            <Globe size={13} aria-hidden="true" className="shrink-0" />
            <span className="truncate font-mono" title={current.address}>
              {current.address}
            </span>
          </p>
        </div>
        {!readOnly && mayWrite && (
          <TakeOver runId={runId} address={view.address} focused={focused} className="items-end" />
        )}
      </div>
      {look?.held === true && (
        <p role="status" className="border-b bg-accent/5 px-4 py-2 text-sm">
          {t('computer.somebodyHasTheBrowserAt')}
        </p>
      )}
      {problem !== null && <Alert className="px-4 pt-3">{problem}</Alert>}
      <div
        tabIndex={0}
        role="region"
        aria-label={t('computer.theBrowsersWindow')}
        className="min-h-0 flex-1 overflow-auto p-4"
      >
        {url !== null ? (
          <img
            src={url}
            alt={t('computer.theBrowserShowsName', { name })}
            className="w-full rounded-md border bg-white"
          />
        ) : (
          error !== null && <EmptyState icon={Globe} title={t('computer.thePictureOfThisPage')} />
        )}
      </div>
    </div>
  )
}
