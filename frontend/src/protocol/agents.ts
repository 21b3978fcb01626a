/** An agent as a form shows it, and the settings that the form stands for. Pure. */
import type { Agent, NetworkRule, PolicyRules } from './types'

/** What happens when the agent wants to use a tool. */
export type Leave = 'allow' | 'ask' | 'deny'

export interface AgentDraft {
  readonly name: string
  readonly instructions: string
  /** Null: the service's default. */
  readonly model: string | null
  /** What holds for a tool that is not named. */
  readonly otherwise: Leave
  /** What holds for the tools that are named, by their names. */
  readonly tools: ReadonlyMap<string, Leave>
  /** Further patterns, one a line: `shell(git push*)`, `mcp:github:*`. */
  readonly patterns: Readonly<Record<Leave, string>>
  /** `service`: only the service's own rule. */
  readonly network: 'service' | NetworkRule['mode']
  /** The hosts of the mode `allow`, one a line. */
  readonly hosts: string
  /** What an agent has besides, which the form leaves as it is. */
  readonly others: Agent['settings']
}

const LEAVES: readonly Leave[] = ['deny', 'ask', 'allow']

export const NEW_AGENT: AgentDraft = {
  name: '',
  instructions: '',
  model: null,
  otherwise: 'allow',
  tools: new Map(),
  patterns: { allow: '', ask: '', deny: '' },
  network: 'service',
  hosts: '',
  others: {},
}

/** The form of a stored agent. `toolNames`: those that have a line of their own in it. */
export function draftOf(agent: Agent, toolNames: ReadonlySet<string>): AgentDraft {
  const { policy, network, ...others } = agent.settings
  const rules: Partial<PolicyRules> = policy ?? {}
  const rule: Partial<NetworkRule> | null = network ?? null
  const tools = new Map<string, Leave>()
  // The strictest list counts, as in the service.
  for (const leave of LEAVES)
    for (const name of rules[leave] ?? []) if (toolNames.has(name) && !tools.has(name)) tools.set(name, leave)
  const further = (leave: Leave): string => (rules[leave] ?? []).filter((name) => !toolNames.has(name)).join('\n')
  return {
    name: agent.name,
    instructions: agent.instructions,
    model: agent.model,
    otherwise: rules.default ?? 'allow',
    tools,
    patterns: { allow: further('allow'), ask: further('ask'), deny: further('deny') },
    network: rule?.mode ?? 'service',
    hosts: (rule?.hosts ?? []).join('\n'),
    others,
  }
}

/** What the service stores for a form. Nothing is stored that says nothing. */
export function settingsOf(draft: AgentDraft): Agent['settings'] {
  const policy = Object.fromEntries<readonly string[] | Leave>([
    ...LEAVES.map((leave) => [leave, patternsOf(draft, leave)] as const).filter(([, patterns]) => patterns.length > 0),
    ...(draft.otherwise === 'allow' ? [] : [['default', draft.otherwise] as const]),
  ])
  return {
    ...draft.others,
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
    ...(draft.network === 'service'
      ? {}
      : { network: { mode: draft.network, hosts: draft.network === 'allow' ? lines(draft.hosts) : [] } }),
  }
}

function patternsOf({ tools, otherwise, patterns }: AgentDraft, leave: Leave): string[] {
  const named = [...tools].filter(([, own]) => own === leave && own !== otherwise).map(([name]) => name)
  return [...named, ...lines(patterns[leave])]
}

/** What can be wrong in a form: the fields that a person fills in. */
export type AgentField = 'name' | 'model' | 'instructions' | 'ask' | 'deny' | 'hosts'

const FIELDS: ReadonlyMap<string, AgentField> = new Map([
  ['name', 'name'],
  ['model', 'model'],
  ['instructions', 'instructions'],
  ['settings.policy.ask', 'ask'],
  ['settings.policy.deny', 'deny'],
  ['settings.network.hosts', 'hosts'],
])

/**
 * Where in a form that stands which the service finds wrong, by its path such as `settings.policy.ask.0`; `value`: the
 * one of several lines. Null: nowhere.
 */
export function placeOf(draft: AgentDraft, path: string): { field: AgentField; value: string | null } | null {
  const [, list, place] = /^(.+)\.(\d+)$/.exec(path) ?? []
  const field = FIELDS.get(list ?? path)
  if (field === undefined) return null
  const all =
    field === 'hosts' ? lines(draft.hosts) : field === 'ask' || field === 'deny' ? patternsOf(draft, field) : []
  return { field, value: place === undefined ? null : (all[Number(place)] ?? null) }
}

/** What holds for a tool. */
export function leaveOf(draft: AgentDraft, tool: string): Leave {
  return draft.tools.get(tool) ?? draft.otherwise
}

export function withLeave(draft: AgentDraft, tool: string, leave: Leave): AgentDraft {
  return { ...draft, tools: new Map(draft.tools).set(tool, leave) }
}

export function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
