/** What goes on, said politely to those who do not see it; and a quiet sign when the service is out of reach. */
import { CloudOff } from 'lucide-react'
import { useCurrentRun, useThreadState } from '@/runtime/use-thread'
import { t } from '@/words'

const SAYINGS = {
  get queued() {
    return t('thread.theTaskIsQueued')
  },
  get running() {
    return t('thread.theAgentIsWorking')
  },
  get stopping() {
    return t('thread.theAgentIsStopping')
  },
  get awaiting_input() {
    return t('thread.theAgentHasAQuestion')
  },
  get finished() {
    return t('thread.theTaskIsDone')
  },
  get failed() {
    return t('thread.theTaskFailed')
  },
  get stopped() {
    return t('thread.theTaskWasStopped')
  },
} as const

export function Status() {
  const run = useCurrentRun()
  return (
    <p role="status" aria-live="polite" className="sr-only">
      {run === undefined
        ? ''
        : run.question?.reason === 'approval'
          ? t('thread.theAgentWaitsForLeave')
          : SAYINGS[run.status]}
    </p>
  )
}

export function ConnectionSign() {
  const connection = useThreadState((state) => state.connection)
  if (connection !== 'offline') return null
  return (
    <span role="status" className="flex shrink-0 items-center gap-1.5 text-sm text-warn">
      <CloudOff size={14} aria-hidden="true" />
      <span>{t('thread.outOfReachTryingAgain')}</span>
    </span>
  )
}
