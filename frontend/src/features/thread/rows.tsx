/** The rows of a thread, one component a kind. A row reads its own content and nothing else. */
import { Brain, ChevronRight, Clock3, Info, X } from 'lucide-react'
import { memo } from 'react'
import { toast } from 'sonner'
import type { Row as RowData } from '@/protocol/state'
import { explain } from '@/runtime/api'
import { stopRun } from '@/runtime/send'
import { useRow, useThreadSession } from '@/runtime/use-thread'
import { IconButton } from '@/ui/button'
import { CopyButton } from '@/ui/clipboard'
import { cn } from '@/ui/cn'
import { Markdown } from '@/ui/markdown/markdown'
import { ApprovalRow } from './approval-row'
import { CallRow } from './call-row'
import { EndRow } from './end-row'
import { useExpanded } from './expanded'
import { QuestionRow } from './question-row'

export const Row = memo(function Row({ id }: { id: string }) {
  const row = useRow(id)
  return row === undefined ? null : <Content row={row} />
})

function Content({ row }: { row: RowData }) {
  switch (row.kind) {
    case 'user':
      return <UserRow row={row} />
    case 'text':
      return <TextRow row={row} />
    case 'reasoning':
      return <ReasoningRow row={row} />
    case 'call':
      // What the agent says at its end is its answer, not a tool's business.
      return row.call.name === 'complete' && row.call.state !== 'error' ? (
        <Summary row={row} />
      ) : (
        <CallRow call={row.call} />
      )
    case 'note':
      return (
        <p className="my-2 flex gap-2 text-muted">
          <Info size={14} className="mt-0.5 shrink-0" aria-hidden="true" />
          {row.text}
        </p>
      )
    case 'question':
      return row.question.reason === 'approval' ? (
        <ApprovalRow question={row.question} approvals={row.approvals} />
      ) : (
        <QuestionRow runId={row.runId} question={row.question} />
      )
    case 'working':
      return (
        <p className="flex h-9 items-center gap-2.5 text-muted">
          <span className="pulse-dot size-2 rounded-full bg-accent" aria-hidden="true" />
          {row.status === 'queued' ? 'Waiting for a worker' : row.status === 'stopping' ? 'Stopping' : 'Working'}
        </p>
      )
    case 'end':
      return <EndRow run={row.run} undone={row.undone} />
  }
}

interface Of<Kind extends RowData['kind']> {
  row: Extract<RowData, { kind: Kind }>
}

function UserRow({ row }: Of<'user'>) {
  const session = useThreadSession()
  const withdraw = async (runId: string): Promise<void> => {
    try {
      session.takeRun(await stopRun(runId))
    } catch (error) {
      toast.error(explain(error))
    }
  }
  return (
    <div className="group/user mt-6 mb-4 flex flex-col items-end">
      <div
        className={cn(
          'max-w-[85%] whitespace-pre-wrap rounded-lg border bg-panel px-4 py-2.5 text-base leading-relaxed [overflow-wrap:anywhere]',
          (row.queued || row.unread) && 'border-dashed text-muted',
        )}
      >
        {row.text}
      </div>
      {row.unread && (
        <span className="mt-1 flex items-center gap-1 text-muted text-sm">
          <Clock3 size={12} aria-hidden="true" /> Sent: it is read next
        </span>
      )}
      {row.queued && row.runId !== null && (
        <span className="mt-1 flex items-center gap-1 text-muted text-sm">
          <Clock3 size={12} aria-hidden="true" /> Queued: it begins when the task before it has ended
          <IconButton label="Withdraw" size="icon-small" onClick={() => void withdraw(row.runId ?? '')}>
            <X size={13} />
          </IconButton>
        </span>
      )}
    </div>
  )
}

function TextRow({ row }: Of<'text'>) {
  return (
    <div className="group/text relative my-3">
      <Markdown text={row.text} live={row.live} />
      {row.cut !== null && (
        <p className="mt-2 text-sm text-warn">
          {row.cut === 'length'
            ? 'The model reached its length limit here.'
            : "The model's provider filtered what came next."}
        </p>
      )}
      {!row.live && (
        <div className="absolute -right-2 -bottom-4 rounded-sm bg-bg opacity-0 transition-opacity focus-within:opacity-100 group-hover/text:opacity-100">
          <CopyButton text={() => row.text} label="Copy as markdown" />
        </div>
      )}
    </div>
  )
}

function Summary({ row }: Of<'call'>) {
  const summary = row.call.arguments.summary
  if (typeof summary !== 'string' || summary === '') return null
  return (
    <div className="my-3">
      <Markdown text={summary} />
    </div>
  )
}

function ReasoningRow({ row }: Of<'reasoning'>) {
  const [toggled, setToggled] = useExpanded(row.id)
  const open = toggled !== row.live
  return (
    <div className="my-1">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => {
          setToggled(!toggled)
        }}
        className="flex h-8 items-center gap-2 rounded-sm pr-2 text-muted hover:text-fg"
      >
        <Brain size={15} aria-hidden="true" className={cn(row.live && 'pulse-dot')} />
        {row.live ? 'Thinking' : 'Thought about it'}
        <ChevronRight
          size={14}
          aria-hidden="true"
          className={cn('transition-transform duration-100', open && 'rotate-90')}
        />
      </button>
      {open && (
        <div
          tabIndex={0}
          role="region"
          aria-label="Reasoning"
          className="mb-2 ml-[7px] max-h-72 overflow-y-auto border-l pl-4 text-muted"
        >
          <Markdown text={row.text} live={row.live} className="text-ui" />
        </div>
      )}
    </div>
  )
}
