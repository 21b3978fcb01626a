/** Sending something once: while it is on its way nothing else goes, and what went wrong is said. */
import { useState } from 'react'
import { explain } from './api'

interface Sending {
  readonly sending: boolean
  readonly problem: string | null
  /** Does `work`. After it went well nothing more can be sent: what was asked goes away. */
  readonly send: (work: () => Promise<void>) => Promise<void>
}

export function useSending(): Sending {
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const send = async (work: () => Promise<void>): Promise<void> => {
    if (sending) return
    setSending(true)
    setProblem(null)
    try {
      await work()
    } catch (error) {
      setProblem(explain(error))
      setSending(false)
    }
  }
  return { sending, problem, send }
}
