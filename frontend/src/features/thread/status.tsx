/** What goes on, said politely to those who do not see it; and a quiet sign when the service is out of reach. */
import { CloudOff } from 'lucide-react'
import { useCurrentRun, useThreadState } from '@/runtime/use-thread'

const SAYINGS = {
  queued: 'The task is queued.',
  running: 'The agent is working.',
  stopping: 'The agent is stopping.',
  awaiting_input: 'The agent has a question for you.',
  finished: 'The task is done.',
  failed: 'The task failed.',
  stopped: 'The task was stopped.',
} as const

export function Status() {
  const run = useCurrentRun()
  return (
    <p role="status" aria-live="polite" className="sr-only">
      {run === undefined ? '' : SAYINGS[run.status]}
    </p>
  )
}

export function ConnectionSign() {
  const connection = useThreadState((state) => state.connection)
  if (connection !== 'offline') return null
  return (
    <span role="status" className="flex shrink-0 items-center gap-1.5 text-sm text-warn">
      <CloudOff size={14} aria-hidden="true" />
      <span>Out of reach, trying again</span>
    </span>
  )
}
