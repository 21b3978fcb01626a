/** The first minute: what to ask for, which model answers, and what to set for a better one. */
import { useNavigate } from '@tanstack/react-router'
import { ChartLine, FileSpreadsheet, Globe } from 'lucide-react'
import type { ReactNode } from 'react'
import { toast } from 'sonner'
import { Composer } from '@/features/composer/composer'
import { changeDraft } from '@/features/composer/draft'
import { useChoices, useStandardModel } from '@/features/composer/choices'
import { explain } from '@/runtime/api'
import { useModels } from '@/runtime/queries'
import { createThread, newKey, sendTask } from '@/runtime/send'
import type { Task } from '@/runtime/send'

const DRAFT = 'new'
/** These work on the demo model too. */
const TASKS = [
  {
    icon: ChartLine,
    title: 'Primes and a plot',
    prompt: 'Write primes.csv with the first 20 primes and plot them to primes.png',
  },
  {
    icon: FileSpreadsheet,
    title: 'A report on a CSV file',
    prompt: 'Analyse the CSV file in the workspace and write report.md',
  },
  { icon: Globe, title: 'A small web page', prompt: 'Make a small web page; ask me what it is about' },
]

export function Start({ actions }: { actions: ReactNode }) {
  const navigate = useNavigate()
  const choices = useChoices()

  const send = async (task: Task): Promise<boolean> => {
    try {
      const threadId = await createThread()
      try {
        await sendTask(threadId, task)
      } catch (error) {
        // The thread is there; what was written goes with the person to it.
        changeDraft(threadId, { text: task.text, files: task.files })
        toast.error(explain(error))
      }
      void navigate({ to: '/t/$threadId', params: { threadId } })
      return true
    } catch (error) {
      toast.error(explain(error))
      return false
    }
  }

  return (
    <main className="flex h-full min-w-0 flex-1 flex-col overflow-y-auto">
      <header className="flex h-12 shrink-0 items-center px-3">{actions}</header>
      <div className="mx-auto my-auto w-full max-w-[720px] px-5 pb-[12vh]">
        <h1 className="mb-6 text-center font-semibold text-xl tracking-tight">What shall I do for you?</h1>
        <Composer draftKey={DRAFT} placeholder="Describe a task" onSend={send} autoFocus />
        <ModelNote />
        <h2 className="mt-8 mb-2 text-muted">Try one of these</h2>
        <ul className="grid gap-2 sm:grid-cols-3">
          {TASKS.map(({ icon: Icon, title, prompt }) => (
            <li key={title}>
              <button
                type="button"
                onClick={() => void send({ ...choices, text: prompt, files: [], delivery: 'queue', key: newKey() })}
                className="flex h-full w-full flex-col gap-1 rounded-md border bg-raised p-3 text-left transition-colors hover:bg-hover"
              >
                <Icon size={17} className="mb-1 text-accent" aria-hidden="true" />
                <span className="font-medium">{title}</span>
                <span className="text-muted text-sm">{prompt}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </main>
  )
}

function ModelNote() {
  const { data } = useModels()
  const { model: chosen } = useChoices()
  const standard = useStandardModel()
  if (data === undefined) return <p className="mt-3 h-5" />
  const model = chosen ?? standard ?? data.default
  if (model === 'demo') {
    return (
      <div className="mt-3 rounded-md border bg-panel px-3 py-2.5 text-muted">
        <strong className="font-medium text-fg">The demo model is in use:</strong> a script that shows what the tools
        do, on the three tasks below. For a real model set{' '}
        <code className="font-mono text-fg text-sm">ANTHROPIC_API_KEY</code>,{' '}
        <code className="font-mono text-fg text-sm">OPENAI_API_KEY</code> or another provider's key, or start Ollama;
        then start Factotum again.
      </div>
    )
  }
  return (
    <p className="mt-3 text-center text-muted">
      <span className="text-fg">{model}</span> will do it. Every step is shown, and it works in a sandbox of its own.
    </p>
  )
}
