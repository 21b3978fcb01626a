/** What this is, which version, and where to read on. */
import { ExternalLink } from 'lucide-react'
import { apiUrl } from '@/runtime/config'
import { useMe } from '@/runtime/queries'
import { Card, Code, Loaded, Section, Setting } from './parts'

const NETWORKS = {
  off: 'Sandboxes reach nothing outside.',
  allow: 'Sandboxes reach these hosts alone, through a proxy:',
  open: 'Sandboxes reach the public internet, through a proxy that refuses private addresses.',
} as const

export function About() {
  const query = useMe()
  return (
    <Section title="About" intro="Factotum gives an agent a task, shows every step, and delivers files and answers.">
      <Loaded query={query}>
        {({ version, env_mode, account, network }) => (
          <Card label="This service">
            <Setting title="Version">
              <Code>{version}</Code>
            </Setting>
            <Setting title="Account">
              <span className="break-words">{account.name}</span>
            </Setting>
            <Setting title="Kind of installation" note="ENV_MODE of the service.">
              <Code>{env_mode}</Code>
            </Setting>
            <Setting
              title="Network"
              note={`${NETWORKS[network.mode]} ${network.mode === 'allow' ? network.hosts.join(', ') : ''}`}
            >
              <Code>{network.mode}</Code>
            </Setting>
            <Setting title="API reference" note="OpenAPI 3.1: for generators of clients, and for reading.">
              <a
                href={apiUrl('/openapi.json')}
                target="_blank"
                rel="noreferrer"
                className="flex items-center gap-1.5 text-accent underline"
              >
                openapi.json <ExternalLink size={13} aria-hidden="true" />
              </a>
            </Setting>
            <Setting title="Documentation" note="The folder docs/ of the source: web.md begins with this page.">
              <Code>docs/</Code>
            </Setting>
          </Card>
        )}
      </Loaded>
    </Section>
  )
}
