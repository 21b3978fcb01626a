/** What this is, which version, and where to read on. */
import { ExternalLink } from 'lucide-react'
import { apiUrl } from '@/runtime/config'
import { useMe } from '@/runtime/queries'
import { t } from '@/words'
import { Card, Code, Loaded, Section, Setting } from './parts'

const NETWORKS = {
  get off() {
    return t('settings.sandboxesReachNothingOutside')
  },
  get allow() {
    return t('settings.sandboxesReachTheseHostsAlone')
  },
  get open() {
    return t('settings.sandboxesReachThePublicInternet')
  },
} as const

export function About() {
  const query = useMe()
  return (
    <Section title={t('settings.about')} intro={t('settings.factotumGivesAnAgentA')}>
      <Loaded query={query}>
        {({ version, env_mode, account, network }) => (
          <Card label={t('settings.thisService')}>
            <Setting title={t('settings.version')}>
              <Code>{version}</Code>
            </Setting>
            <Setting title={t('settings.account')}>
              <span className="break-words">{account.name}</span>
            </Setting>
            <Setting title={t('settings.kindOfInstallation')} note={t('settings.envModeOfTheService')}>
              <Code>{env_mode}</Code>
            </Setting>
            <Setting
              title={t('settings.network')}
              note={`${NETWORKS[network.mode]} ${network.mode === 'allow' ? network.hosts.join(', ') : ''}`}
            >
              <Code>{network.mode}</Code>
            </Setting>
            <Setting title={t('settings.apiReference')} note={t('settings.openapi31ForGenerators')}>
              <a
                href={apiUrl('/openapi.json')}
                target="_blank"
                rel="noreferrer"
                className="flex items-center gap-1.5 text-accent underline"
              >
                openapi.json <ExternalLink size={13} aria-hidden="true" />
              </a>
            </Setting>
            <Setting title={t('settings.documentation')} note={t('settings.theFolderDocsOfThe')}>
              <Code>docs/</Code>
            </Setting>
          </Card>
        )}
      </Loaded>
    </Section>
  )
}
