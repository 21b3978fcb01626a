/** Doing something that may be done again: while it is under way nothing else goes, and what went wrong is said. */
import { useState } from 'react'
import { explain } from './api'

interface Action {
  readonly busy: boolean
  readonly problem: string | null
  /** Does `work`, and tells whether it went well. */
  readonly act: (work: () => Promise<void>) => Promise<boolean>
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const act = async (work: () => Promise<void>): Promise<boolean> => {
    if (busy) return false
    setBusy(true)
    setProblem(null)
    try {
      await work()
      return true
    } catch (error) {
      setProblem(explain(error))
      return false
    } finally {
      setBusy(false)
    }
  }
  return { busy, problem, act }
}
