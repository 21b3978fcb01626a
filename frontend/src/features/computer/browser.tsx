/** What the agent's browser shows, as it changes: address, title and a picture of the page. */
import { Globe } from 'lucide-react'
import { runsInOrder } from '@/protocol/state'
import type { BrowserView } from '@/protocol/state'
import { useBrowserPicture } from '@/runtime/browser'
import { useThreadState } from '@/runtime/use-thread'
import { useObjectUrl } from '@/ui/object-url'

export function Browser() {
  const runs = useThreadState((state) => state.content.runs)
  const run = runsInOrder({ runs }).findLast(({ browser }) => browser !== null)
  if (run === undefined || run.browser === null)
    return <p className="p-4 text-muted">The agent has not opened its browser yet.</p>
  return <Page key={run.id} runId={run.id} view={run.browser} />
}

function Page({ runId, view }: { runId: string; view: BrowserView }) {
  const { data, error } = useBrowserPicture(runId, view.seq)
  const url = useObjectUrl(data)
  const name = view.title === '' ? 'a page without a title' : view.title
  return (
    <div className="flex h-full flex-col">
      <div className="shrink-0 border-b px-4 py-2">
        <h2 className="truncate font-medium" title={view.title}>
          {name}
        </h2>
        <p className="flex items-center gap-1.5 text-muted text-sm">
          <Globe size={13} aria-hidden="true" className="shrink-0" />
          <span className="truncate font-mono" title={view.address}>
            {view.address}
          </span>
        </p>
      </div>
      <div tabIndex={0} role="region" aria-label="The browser's window" className="min-h-0 flex-1 overflow-auto p-4">
        {url !== null ? (
          <img src={url} alt={`The browser shows ${name}`} className="w-full rounded-md border bg-white" />
        ) : (
          error !== null && <p className="text-muted">The picture of this page is no longer kept.</p>
        )}
      </div>
    </div>
  )
}
