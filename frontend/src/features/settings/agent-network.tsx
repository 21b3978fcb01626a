/** What an agent's sandbox may reach. */
import type { AgentDraft } from '@/protocol/agents'
import { useMe } from '@/runtime/queries'
import { AREA, Field } from '@/ui/field'
import { Segments } from '@/ui/segments'

const MODES = [
  { value: 'service', title: 'As the service' },
  { value: 'off', title: 'Off' },
  { value: 'allow', title: 'Some hosts' },
  { value: 'open', title: 'Open' },
] as const

interface AgentNetworkProps {
  draft: AgentDraft
  onChange: (changes: Partial<AgentDraft>) => void
}

export function AgentNetwork({ draft, onChange }: AgentNetworkProps) {
  const { data: me } = useMe()
  return (
    <div>
      <Segments
        legend="Network of its sandbox"
        value={draft.network}
        options={MODES}
        onChange={(network) => {
          onChange({ network })
        }}
      />
      {me !== undefined && (
        <p className="mt-1.5 text-muted text-sm">
          The service&apos;s own rule is <span className="text-fg">{me.network.mode}</span>
          {me.network.mode === 'off' ? ': no agent reaches anything.' : '; an agent can only have less.'}
        </p>
      )}
      {draft.network === 'allow' && (
        <Field
          label="Hosts"
          note="One a line: pypi.org, or *.github.com for all names below it."
          className="appear mt-4"
        >
          {(ids) => (
            <textarea
              {...ids}
              value={draft.hosts}
              onChange={(event) => {
                onChange({ hosts: event.target.value })
              }}
              spellCheck={false}
              className={`${AREA} font-mono text-sm`}
            />
          )}
        </Field>
      )}
    </div>
  )
}
