/** How the page looks and tells, and which models there are. */
import { signOut } from '@/runtime/auth'
import { useLook } from '@/runtime/look'
import { canNotify, setNotices, useNotices } from '@/runtime/notices'
import { useEveryModel } from '@/runtime/queries'
import { setTheme, useTheme } from '@/runtime/theme'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { INPUT } from '@/ui/field'
import { price, tokens } from '@/ui/format'
import { Segments } from '@/ui/segments'
import { Switch } from '@/ui/switch'
import { LANGUAGES, chooseLanguage, chosenLanguage, t } from '@/words'
import type { Language } from '@/words'
import { Card, Code, Group, Loaded, Section, Setting } from './parts'
import { Rich } from '@/ui/rich'

const THEMES = [
  {
    value: 'system',
    get title() {
      return t('settings.system')
    },
  },
  {
    value: 'light',
    get title() {
      return t('settings.light')
    },
  },
  {
    value: 'dark',
    get title() {
      return t('settings.dark')
    },
  },
] as const
const LOOKS = [
  {
    value: 'all',
    get title() {
      return t('settings.everyStep')
    },
  },
  {
    value: 'easy',
    get title() {
      return t('settings.plainWords')
    },
  },
] as const

const OFFERED = Object.keys(LANGUAGES) as Language[]

export function General() {
  const theme = useTheme((state) => state.theme)
  const { easy, toggle } = useLook()
  const { on, refused } = useNotices()
  return (
    <Section title={t('settings.general')} intro={t('settings.whatIsChosenHereIs')}>
      <Card>
        <Setting title={t('settings.theme')}>
          <Segments small legend={t('settings.theme')} value={theme} options={THEMES} onChange={setTheme} />
        </Setting>
        <LanguageSetting />
        <Setting title={t('settings.theAgentsWork')} note={t('settings.asItIsOrTold')}>
          <Segments
            small
            legend={t('settings.theAgentsWork')}
            value={easy ? 'easy' : 'all'}
            options={LOOKS}
            onChange={(value) => {
              if ((value === 'easy') !== easy) toggle()
            }}
          />
        </Setting>
        <Setting
          title={t('settings.notifications')}
          note={
            canNotify
              ? refused
                ? t('settings.refusedInThisBrowserAllow')
                : t('settings.whenATaskIsDone')
              : t('settings.thisBrowserHasNone')
          }
        >
          <Switch
            label={t('settings.notifications')}
            checked={on}
            disabled={!canNotify}
            onChange={(wanted) => void setNotices(wanted)}
          />
        </Setting>
        <Setting title={t('settings.thisBrowser')} note={t('settings.signingOutForgetsTheAccess')}>
          <Button
            size="small"
            onClick={() => {
              signOut()
            }}
          >
            {t('settings.signOut')}
          </Button>
        </Setting>
      </Card>
      <Models />
    </Section>
  )
}

/** Languages say their own names: whoever looks for theirs may read no other. */
function LanguageSetting() {
  return (
    <Setting title={t('settings.language')} note={t('settings.languageNote')}>
      <select
        aria-label={t('settings.language')}
        value={chosenLanguage() ?? ''}
        onChange={({ target }) => void chooseLanguage(OFFERED.find((one) => one === target.value) ?? null)}
        className={cn(INPUT, 'w-auto')}
      >
        <option value="">{t('settings.languageOfTheBrowser')}</option>
        {OFFERED.map((one) => (
          <option key={one} value={one} lang={one}>
            {LANGUAGES[one]}
          </option>
        ))}
      </select>
    </Setting>
  )
}

function Models() {
  const query = useEveryModel()
  return (
    <Group title={t('settings.models')}>
      <Loaded query={query}>
        {({ items, default: standard, fallbacks }) => {
          const usable = items.filter((model) => model.usable)
          const missing = [
            ...new Map(items.filter((model) => !model.usable).map(({ provider, note }) => [provider, note])),
          ]
          return (
            <>
              <p className="mb-3 max-w-[60ch] text-muted">
                <Rich
                  of={fallbacks.length > 0 ? 'settings.modelAndFallbacks' : 'settings.modelThatIsUsed'}
                  parts={{
                    model: <Code>{standard}</Code>,
                    fallbacks: <Code>{fallbacks.join(', ')}</Code>,
                    setting: <Code>FACTOTUM_MODEL</Code>,
                  }}
                />
              </p>
              <Card label={t('settings.modelsInUse')} className="max-h-[420px] overflow-y-auto">
                {usable.map((model) => (
                  <li key={model.id} className="flex flex-wrap items-baseline gap-x-3 px-4 py-2.5">
                    <span className="min-w-0 break-all font-mono text-sm">{model.id}</span>
                    {model.id === standard && <span className="text-accent text-xs">{t('settings.default')}</span>}
                    <span className="text-muted text-sm sm:ml-auto">{factsOf(model)}</span>
                  </li>
                ))}
              </Card>
              {missing.length > 0 && (
                <details className="mt-3">
                  <summary className="cursor-pointer text-muted hover:text-fg">
                    {t('settings.furtherProvidersAndWhatThey')}
                  </summary>
                  <Card label={t('settings.furtherProviders')} className="mt-2">
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
  if (model.context_window != null) parts.push(t('settings.contextTokens', { tokens: tokens(model.context_window) }))
  if (model.input_usd_per_million != null && model.output_usd_per_million != null)
    parts.push(
      t('settings.pricePerMillion', {
        input: price(model.input_usd_per_million),
        output: price(model.output_usd_per_million),
      }),
    )
  return parts.join(' · ')
}
