/** One thread: its head, its log, and where one writes. */
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { toast } from 'sonner'
import type { RunState } from '@/protocol/state'
import { hasEnded } from '@/protocol/types'
import { Composer } from '@/features/composer/composer'
import { explain } from '@/runtime/api'
import { useRecentRuns } from '@/runtime/queries'
import { sendTask, stopRun } from '@/runtime/send'
import type { Task } from '@/runtime/send'
import { useCurrentRun, useOpenThread, useRowIds, useThreadSession, useThreadState } from '@/runtime/use-thread'
import { t } from '@/words'
import { EmptyThread } from './empty-thread'
import { ConnectionSign, Status } from './status'
import { LookButton } from './look-button'
import { Meter } from './meter'
import { PlanStrip } from './plan-strip'
import { ThreadMenu } from './thread-menu'
import { RowList } from './row-list'

/** Shows runs of this thread that were started in another tab or by a program. */
function useOtherRuns(): void {
  const session = useThreadSession()
  const loading = useThreadState((state) => state.loading)
  const { data } = useRecentRuns()
  useEffect(() => {
    if (loading) return
    for (const run of data ?? []) if (run.thread_id === session.threadId) void session.noticeRun(run)
  }, [data, loading, session])
}

/** A run that waits for decisions takes no words. */
function waitsFor({ approvals }: RunState): string {
  return approvals.length > 0 ? t('thread.decideAboveFirst') : t('thread.allIsDecidedTheTask')
}

export function ThreadView({ actions, trailing }: { actions: ReactNode; trailing: ReactNode }) {
  const session = useThreadSession()
  const thread = useOpenThread()
  const loading = useThreadState((state) => state.loading)
  const problem = useThreadState((state) => state.problem)
  const run = useCurrentRun()
  const [stopping, setStopping] = useState(false)
  useOtherRuns()
  const empty = useRowIds().length === 0 && run === undefined
  const going = run !== undefined && !hasEnded(run.status)

  const send = async (task: Task): Promise<boolean> => {
    try {
      await session.noticeRun(await sendTask(session.threadId, task))
      return true
    } catch (error) {
      toast.error(explain(error))
      return false
    }
  }
  const stop = async (): Promise<void> => {
    if (run === undefined) return
    setStopping(true)
    try {
      session.takeRun(await stopRun(run.id))
    } catch (error) {
      toast.error(explain(error))
    } finally {
      setStopping(false)
    }
  }

  return (
    <main className="flex h-full min-w-0 flex-1 flex-col">
      <header className="flex h-12 shrink-0 items-center gap-2 border-b px-3">
        {actions}
        {thread === null ? (
          <span className="flex-1" />
        ) : (
          <h1 className="min-w-0 flex-1 truncate font-medium">
            {thread.title === '' ? t('thread.untitled') : thread.title}
          </h1>
        )}
        <ConnectionSign />
        <Meter />
        <LookButton />
        {thread !== null && <ThreadMenu thread={thread} />}
        {trailing}
      </header>
      <Status />
      {problem !== null ? (
        <div className="m-auto max-w-md p-6 text-center">
          <div role="alert">
            <h1 className="font-semibold text-lg">{problem.message}</h1>
            <p className="mt-1 text-muted">{problem.hint}</p>
          </div>
          {problem.status === 404 && (
            <Link to="/" className="mt-2 inline-block text-accent underline">
              {t('app.beginANewTask')}
            </Link>
          )}
        </div>
      ) : loading ? (
        <div className="flex-1" aria-busy="true" />
      ) : empty ? (
        <EmptyThread onSend={send} />
      ) : (
        <RowList key={session.threadId} />
      )}
      {problem === null && (
        <div className="mx-auto w-full max-w-[760px] shrink-0 px-5 pb-[max(16px,env(safe-area-inset-bottom))]">
          <PlanStrip />
          <Composer
            draftKey={session.threadId}
            placeholder={
              run?.status === 'awaiting_input'
                ? t('thread.answerTheQuestionAbove')
                : going
                  ? t('thread.tellTheAgentMore')
                  : t(empty ? 'thread.describeTheFirstTask' : 'thread.whatNext')
            }
            onSend={send}
            onStop={going ? () => void stop() : undefined}
            steers={run?.status === 'running'}
            held={run?.question?.reason === 'approval' ? waitsFor(run) : null}
            stopping={stopping || run?.status === 'stopping'}
            autoFocus
          />
        </div>
      )}
    </main>
  )
}
