/** What an agent's sandbox may reach. */
import type { AgentDraft } from '@/protocol/agents'
import { useMe } from '@/runtime/queries'
import { useMayWrite } from '@/runtime/rights'
import { AREA, Field } from '@/ui/field'
import { Segments } from '@/ui/segments'
import { t } from '@/words'
import { Rich } from '@/ui/rich'
import { problemOf } from './wrong-field'
import type { WrongField } from './wrong-field'

const MODES = [
  {
    value: 'service',
    get title() {
      return t('settings.asTheService')
    },
  },
  {
    value: 'off',
    get title() {
      return t('settings.off')
    },
  },
  {
    value: 'allow',
    get title() {
      return t('settings.someHosts')
    },
  },
  {
    value: 'open',
    get title() {
      return t('settings.open')
    },
  },
] as const

interface AgentNetworkProps {
  draft: AgentDraft
  wrong: WrongField | null
  onChange: (changes: Partial<AgentDraft>) => void
}

export function AgentNetwork({ draft, wrong, onChange }: AgentNetworkProps) {
  const { data: me } = useMe()
  const mayWrite = useMayWrite()
  return (
    <div>
      <Segments
        disabled={!mayWrite}
        legend={t('settings.networkOfItsSandbox')}
        value={draft.network}
        options={MODES}
        onChange={(network) => {
          onChange({ network })
        }}
      />
      {me !== undefined && (
        <p className="mt-1.5 text-muted text-sm">
          <Rich
            of={me.network.mode === 'off' ? 'settings.ownRuleOff' : 'settings.ownRule'}
            parts={{ mode: <span className="text-fg">{me.network.mode}</span> }}
          />
        </p>
      )}
      {draft.network === 'allow' && (
        <Field
          label={t('settings.hosts')}
          note={t('settings.oneALinePypiOrg')}
          problem={problemOf(wrong, 'hosts')}
          className="appear mt-4"
        >
          {(ids) => (
            <textarea
              {...ids}
              value={draft.hosts}
              readOnly={!mayWrite}
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
