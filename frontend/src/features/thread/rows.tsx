/** The rows of a thread, one component a kind. A row reads its own content and nothing else. */
import { Brain, Info } from 'lucide-react'
import { memo } from 'react'
import type { EasyRow as RowData } from '@/protocol/easy'
import type { Call } from '@/protocol/state'
import type { Question } from '@/protocol/types'
import { useMayWrite } from '@/runtime/rights'
import { useRow, useThreadSession } from '@/runtime/use-thread'
import { CopyButton } from '@/ui/clipboard'
import { cn } from '@/ui/cn'
import { Disclosure } from '@/ui/disclosure'
import { Markdown } from '@/ui/markdown/markdown'
import { t } from '@/words'
import { ApprovalRow } from './approval-row'
import { BudgetRow } from './budget-row'
import { CallRow } from './call-row'
import { PlanRow, StepsRow } from './easy-rows'
import { EndRow } from './end-row'
import { useExpanded } from './expanded'
import { HandOverRow } from './hand-over-row'
import { QuestionRow } from './question-row'
import { Sources } from './sources'
import { QuestionText, UnsureCalls } from './unsure-calls'
import { UserRow } from './user-row'
import { sayingOf } from './notes'

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
          {sayingOf(row.said)}
        </p>
      )
    case 'question':
      return <Asked row={row} />
    case 'working':
      return (
        <p className="flex h-9 items-center gap-2.5 text-muted">
          <span className="pulse-dot size-2 rounded-full bg-accent" aria-hidden="true" />
          {row.status === 'queued'
            ? t('thread.waitingForAWorker')
            : row.status === 'stopping'
              ? t('thread.stopping')
              : t('thread.working')}
        </p>
      )
    case 'end':
      return <EndRow row={row} />
    case 'plan':
      return <PlanRow row={row} />
    case 'steps':
      return <StepsRow row={row} />
  }
}

interface Of<Kind extends RowData['kind']> {
  row: Extract<RowData, { kind: Kind }>
}

function Asked({ row }: Of<'question'>) {
  const { runId, question, approvals, calls } = row
  const mayWrite = useMayWrite()
  const { readOnly } = useThreadSession()
  if (!mayWrite && !readOnly) return <AskedOthers question={question} calls={calls} />
  if (question.reason === 'approval') return <ApprovalRow question={question} approvals={approvals} />
  if (question.reason === 'hand_over') return <HandOverRow runId={runId} question={question} />
  return question.reason === 'budget' && question.budget != null ? (
    <BudgetRow runId={runId} question={question} asked={question.budget} />
  ) : (
    <QuestionRow runId={runId} question={question} calls={calls} />
  )
}

/** To who may only read: what is asked, and that others answer it. */
function AskedOthers({ question, calls }: { question: Question; calls: readonly Call[] }) {
  return (
    <section className="my-4 rounded-md border bg-raised p-4">
      <QuestionText text={question.text} calls={calls} />
      <UnsureCalls calls={calls} />
      <p className="mt-2 text-muted">{t('thread.onlyMembersAnswer')}</p>
    </section>
  )
}

function TextRow({ row }: Of<'text'>) {
  return (
    <div className="group/text relative my-3">
      <Markdown text={row.text} live={row.live} />
      {!row.live && <Sources text={row.text} />}
      {row.cut !== null && (
        <p className="mt-2 text-sm text-warn">
          {row.cut === 'length' ? t('thread.theModelReachedItsLength') : t('thread.theModelsProviderFilteredWhat')}
        </p>
      )}
      {!row.live && (
        <div className="absolute -right-2 -bottom-4 rounded-sm bg-bg opacity-0 transition-opacity focus-within:opacity-100 group-hover/text:opacity-100 pointer-coarse:opacity-100">
          <CopyButton text={() => row.text} label={t('thread.copyAsMarkdown')} />
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
      <Sources text={summary} />
    </div>
  )
}

function ReasoningRow({ row }: Of<'reasoning'>) {
  const [toggled, setToggled] = useExpanded(row.id)
  const open = toggled !== row.live
  return (
    <Disclosure
      open={open}
      onToggle={() => {
        setToggled(!toggled)
      }}
      line={
        <>
          <Brain size={15} aria-hidden="true" className={cn(row.live && 'pulse-dot')} />
          {row.live ? t('thread.thinking') : t('thread.thoughtAboutIt')}
        </>
      }
    >
      <div
        tabIndex={0}
        role="region"
        aria-label={t('thread.reasoning')}
        className="mb-2 ml-[7px] max-h-72 overflow-y-auto border-l pl-4 text-muted"
      >
        <Markdown text={row.text} live={row.live} className="text-ui" />
      </div>
    </Disclosure>
  )
}
