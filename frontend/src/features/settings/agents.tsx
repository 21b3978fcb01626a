/** The person's agents: the list, or the form of one. */
import { Link, useNavigate } from '@tanstack/react-router'
import { Bot, ChevronRight, Plus } from 'lucide-react'
import { NEW_AGENT, draftOf } from '@/protocol/agents'
import type { Agent, ToolInfo } from '@/protocol/types'
import { useAgents, useTools } from '@/runtime/agents'
import { useMayWrite } from '@/runtime/rights'
import { Alert } from '@/ui/alert'
import { t } from '@/words'
import { AgentForm } from './agent-form'
import { Card, Empty, Loaded, ReadersNote, Section } from './parts'

const LOOK = 'inline-flex h-8 shrink-0 items-center gap-1.5 rounded-sm bg-accent px-3 font-medium text-on-accent'

/** `id`: the agent whose form is shown, `new` for one more, undefined for the list. */
export function Agents({ id }: { id: string | undefined }) {
  const navigate = useNavigate()
  const agents = useAgents()
  const tools = useTools()
  const leave = (): void => void navigate({ to: '/settings/$', params: { _splat: 'agents' } })
  if (id === undefined) return <AgentList query={agents} />
  return (
    <Loaded query={tools}>
      {(all) =>
        id === 'new' ? (
          <AgentForm key="new" id={null} start={NEW_AGENT} tools={all} onLeave={leave} />
        ) : (
          <Loaded query={agents}>
            {(found) => <OneAgent agent={found.find((agent) => agent.id === id)} tools={all} onLeave={leave} />}
          </Loaded>
        )
      }
    </Loaded>
  )
}

interface OneAgentProps {
  agent: Agent | undefined
  tools: readonly ToolInfo[]
  onLeave: () => void
}

function OneAgent({ agent, tools, onLeave }: OneAgentProps) {
  if (agent === undefined) return <Alert>{t('settings.thereIsNoSuchAgent')}</Alert>
  const start = draftOf(agent, new Set(tools.map(({ name }) => name)))
  return <AgentForm key={agent.id} id={agent.id} start={start} tools={tools} onLeave={onLeave} />
}

function AgentList({ query }: { query: ReturnType<typeof useAgents> }) {
  const mayWrite = useMayWrite()
  return (
    <Section
      title={t('settings.agents')}
      intro={t('settings.anAgentIsAWay')}
      action={
        mayWrite && (
          <Link to="/settings/$" params={{ _splat: 'agents/new' }} className={LOOK}>
            <Plus size={14} aria-hidden="true" /> {t('settings.newAgent')}
          </Link>
        )
      }
    >
      <ReadersNote />
      <Loaded query={query}>
        {(agents) =>
          agents.length === 0 ? (
            <Empty icon={Bot} title={t('settings.noAgentsYet')} note={t('settings.thereAreNoAgentsYet')} />
          ) : (
            <Card label={t('settings.agents')}>
              {agents.map((agent) => (
                <li key={agent.id}>
                  <Link
                    to="/settings/$"
                    params={{ _splat: `agents/${agent.id}` }}
                    className="flex items-center gap-3 px-4 py-3 hover:bg-hover"
                  >
                    <Bot size={16} className="shrink-0 text-muted" aria-hidden="true" />
                    <span className="min-w-0 flex-1">
                      <span className="block break-words font-medium">{agent.name}</span>
                      <span className="block truncate text-muted text-sm">{factsOf(agent)}</span>
                    </span>
                    <ChevronRight size={15} className="shrink-0 text-muted" aria-hidden="true" />
                  </Link>
                </li>
              ))}
            </Card>
          )
        }
      </Loaded>
    </Section>
  )
}

const NETWORKS = {
  off: 'settings.networkOff',
  allow: 'settings.networkSome',
  open: 'settings.networkOpen',
} as const

function factsOf(agent: Agent): string {
  const { policy, network } = agent.settings as {
    policy?: { ask?: unknown[]; deny?: unknown[]; default?: string }
    network?: { mode?: keyof typeof NETWORKS }
  }
  const facts = [agent.model ?? t('settings.defaultModel')]
  if (policy?.default === 'ask') facts.push(t('settings.asksBeforeEveryCall'))
  else if (policy?.default === 'deny') facts.push(t('settings.hasNamedToolsOnly'))
  if (policy?.ask?.length) facts.push(t('settings.asksByRules', { count: policy.ask.length }))
  if (policy?.deny?.length) facts.push(t('settings.rulesOfRefusal', { count: policy.deny.length }))
  if (network?.mode !== undefined) facts.push(t(NETWORKS[network.mode]))
  return facts.join(' · ')
}
