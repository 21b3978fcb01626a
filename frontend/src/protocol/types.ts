/** The names of the API that the page uses; their shapes are generated from the service's description. */
import type { components } from './api'

type Schemas = components['schemas']

export type Thread = Schemas['Thread']
export type ThreadChange = Schemas['ThreadChange']
export type Run = Schemas['Run']
export type RunStatus = Run['status']
export type Message = Schemas['Message']
export type PlacedMessage = Schemas['PlacedMessage']
export type MessagePage = Schemas['MessagePage']
export type Part = Message['parts'][number]
export type Approval = Schemas['Approval']
export type UnreadMessage = Schemas['UnreadMessage']
export type Question = Schemas['Question']
export type BrowserLook = Schemas['BrowserLook']
export type BrowserTab = Schemas['BrowserTab']
export type BrowserDialog = Schemas['BrowserDialog']
export type InputEvent = Schemas['InputRequest']['events'][number]
export type Plan = Schemas['Plan']
export type PlanItem = Schemas['PlanItem']
export type Usage = Schemas['Usage']
export type Amounts = Schemas['Amounts']
export type BudgetUse = Schemas['BudgetUse']
export type Effort = NonNullable<Schemas['RunOptions']['effort']>
export type Delivery = NonNullable<Schemas['NewMessage']['delivery']>
export type Sent = Schemas['Sent']
export type ErrorInfo = Schemas['ErrorInfo']
export type ModelInfo = Schemas['ModelInfo']
export type WorkspaceVersion = Schemas['WorkspaceSnapshot']
export type WorkspaceFile = Schemas['File']
export type Outcome = Schemas['ToolFinished']['outcome']
export type Share = Schemas['Share']
export type NewShare = Schemas['NewShare']
export type Shared = Schemas['Shared']
export type SharedRun = Schemas['SharedRun']
export type SharedMessage = Schemas['SharedMessage']
export type SharedMessagePage = Schemas['SharedMessagePage']
export type Agent = Schemas['Agent']
export type PolicyRules = Record<'deny' | 'ask' | 'allow', readonly string[]> & {
  readonly default: 'allow' | 'ask' | 'deny'
}
export interface NetworkRule {
  readonly mode: 'off' | 'allow' | 'open'
  readonly hosts: readonly string[]
}
export type Secret = Schemas['Secret']
export type ToolInfo = Schemas['ToolInfo']
export type ApiKey = Schemas['ApiKey']
export type MadeKey = Schemas['MadeKey']
export type KeyScope = ApiKey['scope']
export type Member = Schemas['Member']
export type Role = Member['role']
export type Invitation = Schemas['Invitation']
export type MadeInvitation = Schemas['MadeInvitation']
export type OpenInvitation = Schemas['OpenInvitation']
export type Joined = Schemas['Joined']
export type Me = Schemas['Me']
export type UsageItem = Schemas['UsageItem']
export type UsageSum = Schemas['UsageSum']
export type UsageBy = Schemas['UsageSummary']['by']
export type Problem = Schemas['Problem']
export type FieldProblem = Schemas['FieldProblem']

type Given<Body extends { options: unknown }, Needed extends keyof Body> = Pick<Body, Needed> &
  Partial<Omit<Body, Needed | 'options'>> & { options?: Partial<Schemas['RunOptions']> }

/** Bodies as they are sent: the generated types want what has a default, too. */
export type NewRun = Given<Schemas['RunRequest'], 'input'>
export type NewMessage = Given<Schemas['NewMessage'], 'text'>
export type RunChoices = Given<Schemas['RunChoices'], never>
export type RunRequest = Schemas['RunRequest']
export type MessageRequest = Schemas['NewMessage']
export type EditRequest = Schemas['Edit']
export type RetryRequest = Schemas['RunChoices']

export type Snapshot = Schemas['Snapshot']
export type RunEvent =
  | Schemas['RunQueued']
  | Schemas['RunStarted']
  | Schemas['RunAwaiting']
  | Schemas['RunResumed']
  | Schemas['RunSteered']
  | Schemas['RunFinished']
  | Schemas['RunFailed']
  | Schemas['RunStopped']
  | Schemas['MessageCreated']
  | Schemas['MessageDiscarded']
  | Schemas['ToolStarted']
  | Schemas['ToolFinished']
  | Schemas['ApprovalRequested']
  | Schemas['ApprovalResolved']
  | Schemas['PlanUpdated']
  | Schemas['ModelChanged']
  | Schemas['ThreadTitled']
  | Schemas['UsageRecorded']
  | Schemas['SandboxChanged']
  | Schemas['FileChanged']
  | Schemas['TextDelta']
  | Schemas['ReasoningDelta']
  | Schemas['ToolArgumentsDelta']
  | Schemas['ToolOutputDelta']
  | Schemas['BrowserFrame']
export type CallEvent = Extract<RunEvent, { type: `tool.${string}` }>
export type StreamEvent = RunEvent | Snapshot

const ENDED: ReadonlySet<RunStatus> = new Set<RunStatus>(['finished', 'failed', 'stopped'])

export function hasEnded(status: RunStatus): boolean {
  return ENDED.has(status)
}

/** Whether nothing follows this event on its stream. */
export function isTerminal(event: StreamEvent): boolean {
  if (event.type === 'reset') return hasEnded(event.run.status)
  return event.type === 'run.finished' || event.type === 'run.failed' || event.type === 'run.stopped'
}
