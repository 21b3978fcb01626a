/** What an agent shows to people: a server's port, a folder that was deployed. Its address is a link. */
import { ExternalLink, Rocket, Waypoints } from 'lucide-react'
import type { Call } from '@/protocol/state'
import { t } from '@/words'
import { Output } from './detail'
import type { ToolView } from './view'
import { argument } from './view'

/** The tools' own first line; what comes after the last `: ` or `at ` of it is theirs, not the model's. */
const TOLD = /^(?:Port \d+ of the sandbox is shown at|Deployed .+ as [a-z0-9-]+:) (https?:\/\/[^\s"'<>]+)/

/** The address that a finished call gave; null while there is none. */
export function addressOf(call: Call): string | null {
  if (call.state !== 'ok') return null
  const found = TOLD.exec(call.output)?.[1]
  return found !== undefined && URL.canParse(found) ? found : null
}

function label(call: Call): string {
  return call.name === 'deploy'
    ? t('tools.openSite', { name: argument(call, 'name') || t('tools.site') })
    : t('tools.openPort', { port: argument(call, 'port') })
}

function Detail({ call }: { call: Call }) {
  const address = addressOf(call)
  return (
    <>
      {address !== null && (
        <p className="border-b px-3 py-2">
          <a
            href={address}
            target="_blank"
            rel="noopener noreferrer"
            className="inline-flex max-w-full items-center gap-1.5 text-accent underline-offset-2 hover:underline"
          >
            <ExternalLink size={14} className="shrink-0" aria-hidden="true" />
            <span className="min-w-0 [overflow-wrap:anywhere]">{address}</span>
          </a>
        </p>
      )}
      <Output call={call} />
    </>
  )
}

/** The address beside a row that is closed. */
export function AddressLink({ call }: { call: Call }) {
  const address = addressOf(call)
  if (address === null) return null
  return (
    <a
      href={address}
      target="_blank"
      rel="noopener noreferrer"
      className="mr-2 inline-flex h-7 shrink-0 items-center gap-1 rounded-md px-2 font-medium text-accent text-sm hover:bg-hover"
    >
      {label(call)}
      <ExternalLink size={13} aria-hidden="true" />
    </a>
  )
}

export const publishedViews = {
  expose_port: {
    icon: Waypoints,
    of: ['port'],
    get verb() {
      return t('tools.expose_port.verb')
    },
    target: (call) => (argument(call, 'port') === '' ? '' : t('tools.port', { port: argument(call, 'port') })),
    plain: () => [t('tools.expose_port.doing'), t('tools.expose_port.done')],
    prose: true,
    Detail,
    panel: null,
    Aside: AddressLink,
  },
  deploy: {
    icon: Rocket,
    of: ['folder'],
    get verb() {
      return t('tools.deploy.verb')
    },
    target: (call) => argument(call, 'folder'),
    plain: () => [t('tools.deploy.doing'), t('tools.deploy.done')],
    prose: false,
    Detail,
    panel: null,
    Aside: AddressLink,
  },
} satisfies Record<string, ToolView>
