/** How the page looks and tells, and which models there are. */
import { signOut } from '@/runtime/auth'
import { useLook } from '@/runtime/look'
import { canNotify, setNotices, useNotices } from '@/runtime/notices'
import { useEveryModel } from '@/runtime/queries'
import { setTheme, useTheme } from '@/runtime/theme'
import { Button } from '@/ui/button'
import { tokens } from '@/ui/format'
import { Segments } from '@/ui/segments'
import { Switch } from '@/ui/switch'
import { Card, Code, Group, Loaded, Section, Setting } from './parts'

const THEMES = [
  { value: 'system', title: 'System' },
  { value: 'light', title: 'Light' },
  { value: 'dark', title: 'Dark' },
] as const
const LOOKS = [
  { value: 'all', title: 'Every step' },
  { value: 'easy', title: 'Plain words' },
] as const

export function General() {
  const theme = useTheme((state) => state.theme)
  const { easy, toggle } = useLook()
  const { on, refused } = useNotices()
  return (
    <Section title="General" intro="What is chosen here is kept by this browser, and holds in it alone.">
      <Card>
        <Setting title="Theme">
          <Segments small legend="Theme" value={theme} options={THEMES} onChange={setTheme} />
        </Setting>
        <Setting title="The agent's work" note="As it is, or told in plain words.">
          <Segments
            small
            legend="The agent's work"
            value={easy ? 'easy' : 'all'}
            options={LOOKS}
            onChange={(value) => {
              if ((value === 'easy') !== easy) toggle()
            }}
          />
        </Setting>
        <Setting
          title="Notifications"
          note={
            canNotify
              ? refused
                ? 'Refused in this browser: allow them in its settings.'
                : 'When a task is done or needs you while you look elsewhere.'
              : 'This browser has none.'
          }
        >
          <Switch
            label="Notifications"
            checked={on}
            disabled={!canNotify}
            onChange={(wanted) => void setNotices(wanted)}
          />
        </Setting>
        <Setting title="This browser" note="Signing out forgets the access token; drafts and choices stay.">
          <Button
            size="small"
            onClick={() => {
              signOut()
            }}
          >
            Sign out
          </Button>
        </Setting>
      </Card>
      <Models />
    </Section>
  )
}

function Models() {
  const query = useEveryModel()
  return (
    <Group title="Models">
      <Loaded query={query}>
        {({ items, default: standard, fallbacks }) => {
          const usable = items.filter((model) => model.usable)
          const missing = [
            ...new Map(items.filter((model) => !model.usable).map(({ provider, note }) => [provider, note])),
          ]
          return (
            <>
              <p className="mb-3 max-w-[60ch] text-muted">
                A task that names no model gets <Code>{standard}</Code>
                {fallbacks.length > 0 && (
                  <>
                    , and where that fails <Code>{fallbacks.join(', ')}</Code>
                  </>
                )}
                . They come from the keys in the service's environment, or from a server on its machine;{' '}
                <Code>FACTOTUM_MODEL</Code> sets the first one.
              </p>
              <Card label="Models in use" className="max-h-[420px] overflow-y-auto">
                {usable.map((model) => (
                  <li key={model.id} className="flex flex-wrap items-baseline gap-x-3 px-4 py-2.5">
                    <span className="min-w-0 break-all font-mono text-sm">{model.id}</span>
                    {model.id === standard && <span className="text-accent text-xs">Default</span>}
                    <span className="text-muted text-sm sm:ml-auto">{factsOf(model)}</span>
                  </li>
                ))}
              </Card>
              {missing.length > 0 && (
                <details className="mt-3">
                  <summary className="cursor-pointer text-muted hover:text-fg">
                    Further providers, and what they need
                  </summary>
                  <Card label="Further providers" className="mt-2">
                    {missing.map(([provider, note]) => (
                      <li key={provider} className="px-4 py-2.5">
                        <span className="font-medium">{provider}</span>
                        <span className="block text-muted text-sm">{note}</span>
                      </li>
                    ))}
                  </Card>
                </details>
              )}
            </>
          )
        }}
      </Loaded>
    </Group>
  )
}

function factsOf(model: {
  provider: string
  context_window: number | null
  input_usd_per_million: number | null
  output_usd_per_million: number | null
  note: string
}): string {
  const parts = [model.provider]
  if (model.context_window != null) parts.push(`${tokens(model.context_window)} context`)
  if (model.input_usd_per_million != null && model.output_usd_per_million != null)
    parts.push(`$${String(model.input_usd_per_million)} in, $${String(model.output_usd_per_million)} out per million`)
  return parts.join(' · ')
}
