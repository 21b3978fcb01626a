/** What is in an office file: read by a worker of its own, which ends when nobody looks any more. */
import { useEffect, useState } from 'react'
import type { Answer, Question } from './office.worker'

const LONGEST_MS = 20_000

/** Null until it is read. */
export function useOffice(blob: Blob, kind: Question['kind']): Answer | null {
  const [read, setRead] = useState<{ readonly of: Blob; readonly answer: Answer } | null>(null)
  useEffect(() => {
    const worker = new Worker(new URL('./office.worker.ts', import.meta.url), { type: 'module' })
    const take = (answer: Answer): void => {
      clearTimeout(timer)
      worker.terminate()
      setRead({ of: blob, answer })
    }
    const timer = setTimeout(() => {
      take({ kind: 'unreadable', fault: 'slow' })
    }, LONGEST_MS)
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      take(data)
    })
    worker.addEventListener('error', () => {
      take({ kind: 'unreadable', fault: 'broken' })
    })
    void blob.arrayBuffer().then((file) => {
      worker.postMessage({ kind, file } satisfies Question, [file])
    })
    return () => {
      clearTimeout(timer)
      worker.terminate()
    }
  }, [blob, kind])
  return read?.of === blob ? read.answer : null
}
