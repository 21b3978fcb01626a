/** Tells of tasks that are done or need the person, who looks elsewhere and wants to be told. */
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { RunStatus } from '@/protocol/types'
import { hasEnded } from '@/protocol/types'
import { notify } from '@/runtime/notices'
import { useRecentRuns, useThreads } from '@/runtime/queries'
import { t } from '@/words'

const SAYINGS: Readonly<Partial<Record<RunStatus, string>>> = {
  get awaiting_input() {
    return t('app.itNeedsYou')
  },
  get finished() {
    return t('app.itIsDone')
  },
  get failed() {
    return t('app.itFailed')
  },
}

export function Notices() {
  const navigate = useNavigate()
  const { data: runs } = useRecentRuns()
  const { data: threads } = useThreads('others')
  const before = useRef<ReadonlyMap<string, RunStatus> | null>(null)

  useEffect(() => {
    if (runs === undefined) return
    for (const run of runs) {
      const was = before.current?.get(run.id)
      const saying = SAYINGS[run.status]
      // What happened before the page was opened is no news.
      if (before.current === null || was === run.status || saying === undefined || (was !== undefined && hasEnded(was)))
        continue
      const title = threads?.pages.flatMap(({ items }) => items).find(({ id }) => id === run.thread_id)?.title
      notify(saying, title === undefined || title === '' ? 'Factotum' : title, run.id, () => {
        void navigate({ to: '/t/$threadId', params: { threadId: run.thread_id } })
      })
    }
    before.current = new Map(runs.map(({ id, status }) => [id, status]))
  }, [runs, threads, navigate])
  return null
}
