/** API keys: one more, shown once, and those there are. */
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import { mayRevoke } from '@/protocol/rights'
import type { ApiKey, KeyScope, MadeKey } from '@/protocol/types'
import { createKey, curlWith, revokeKey, useKeys } from '@/runtime/keys'
import { useMe } from '@/runtime/queries'
import { useMayWrite } from '@/runtime/rights'
import { useAction } from '@/runtime/use-action'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { CopyButton } from '@/ui/clipboard'
import { Confirm } from '@/ui/confirm'
import { Field, INPUT } from '@/ui/field'
import { day, moment } from '@/ui/format'
import { Segments } from '@/ui/segments'
import { ShownOnce } from '@/ui/shown-once'
import { t } from '@/words'
import { Card, Empty, Group, Item, Loaded, ReadersNote, Section } from './parts'

const SCOPES: readonly { value: KeyScope; title: string }[] = [
  {
    value: 'write',
    get title() {
      return t('settings.readAndWrite')
    },
  },
  {
    value: 'read',
    get title() {
      return t('settings.readOnly')
    },
  },
]
const SPANS = [
  {
    value: '30',
    get title() {
      return t('settings.days', { count: 30 })
    },
  },
  {
    value: '90',
    get title() {
      return t('settings.days', { count: 90 })
    },
  },
  {
    value: '365',
    get title() {
      return t('settings.years', { count: 1 })
    },
  },
  {
    value: 'none',
    get title() {
      return t('settings.never')
    },
  },
] as const
type Span = (typeof SPANS)[number]['value']

export function Keys() {
  const query = useKeys()
  const mayWrite = useMayWrite()
  const [made, setMade] = useState<MadeKey | null>(null)
  return (
    <Section title={t('settings.apiKeys')} intro={t('settings.aProgramSignsInWith')}>
      {mayWrite ? <NewKey onMade={setMade} /> : <ReadersNote />}
      {made !== null && <Made made={made} />}
      <Loaded query={query}>
        {(keys) =>
          keys.length === 0 ? (
            <Empty icon={KeyRound} title={t('settings.noKeysYet')} note={t('settings.thereAreNoKeysYet')} />
          ) : (
            <Group title={t('settings.yourKeys')}>
              <Card label={t('settings.apiKeys')}>
                {keys.map((key) => (
                  <Line
                    key={key.id}
                    apiKey={key}
                    onRevoked={() => {
                      if (made?.id === key.id) setMade(null)
                    }}
                  />
                ))}
              </Card>
            </Group>
          )
        }
      </Loaded>
    </Section>
  )
}

function NewKey({ onMade }: { onMade: (made: MadeKey) => void }) {
  const [name, setName] = useState('')
  const [scope, setScope] = useState<KeyScope>('write')
  const [span, setSpan] = useState<Span>('90')
  const { busy, problem, act } = useAction()
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void act(async () => {
      onMade(await createKey(name.trim(), scope, span === 'none' ? null : Number(span)))
      setName('')
    })
  }
  return (
    <form onSubmit={submit} className="rounded-md border bg-raised p-4" aria-label={t('settings.newKey')}>
      <Field label={t('settings.name')} note={t('settings.whatItIsForIt')}>
        {(ids) => (
          <input
            {...ids}
            value={name}
            onChange={(event) => {
              setName(event.target.value)
            }}
            maxLength={200}
            placeholder={t('settings.nightlyReport')}
            autoComplete="off"
            className={INPUT}
          />
        )}
      </Field>
      <div className="mt-4 flex flex-wrap items-end gap-4">
        <Segments legend={t('settings.whatItMayDo')} value={scope} options={SCOPES} onChange={setScope} />
        <Segments legend={t('settings.itExpiresAfter')} value={span} options={SPANS} onChange={setSpan} />
        <Button type="submit" look="primary" disabled={busy || name.trim() === ''} className="h-[34px]">
          <Plus size={14} aria-hidden="true" /> {t('settings.makeAKey')}
        </Button>
      </div>
      {problem !== null && <Alert className="mt-3">{problem}</Alert>}
    </form>
  )
}

function Made({ made }: { made: MadeKey }) {
  const command = curlWith(made.key)
  return (
    <ShownOnce
      label={t('settings.copyTheKeyNameNow', { name: made.name })}
      value={made.key}
      copy={t('settings.copyTheKey')}
    >
      <p className="mt-3 mb-1.5 text-muted">{t('settings.tryIt')}</p>
      <div className="flex items-start gap-1">
        <pre className="min-w-0 flex-1 whitespace-pre-wrap break-all rounded-sm border bg-bg px-3 py-2 font-mono text-sm">
          {command}
        </pre>
        <CopyButton text={() => command} label={t('settings.copyTheCommand')} />
      </div>
    </ShownOnce>
  )
}

function Line({ apiKey, onRevoked }: { apiKey: ApiKey; onRevoked: () => void }) {
  const { busy, problem, act } = useAction()
  const { data: me } = useMe()
  // eslint-disable-next-line react-hooks/purity -- a line that is a moment old may say so
  const expired = apiKey.expires_at != null && Date.parse(apiKey.expires_at) <= Date.now()
  const ends =
    apiKey.expires_at == null
      ? t('settings.doesNotExpire')
      : t(expired ? 'settings.expiredOn' : 'settings.expiresOn', { day: day(apiKey.expires_at) })
  const used =
    apiKey.last_used_at == null
      ? t('settings.neverUsed')
      : t('settings.usedAt', { moment: moment(apiKey.last_used_at) })
  return (
    <Item
      icon={KeyRound}
      title={
        <>
          <span>{apiKey.name}</span>
          <span className="font-mono font-normal text-muted text-sm">{apiKey.prefix}…</span>
        </>
      }
      meta={
        <>
          {apiKey.scope === 'read' ? t('settings.readOnly') : t('settings.readAndWrite')} ·{' '}
          <span className={expired ? 'text-err' : undefined}>{ends}</span> · {used}
        </>
      }
      problem={problem}
    >
      {me !== undefined && mayRevoke(apiKey, me) && (
        <Confirm
          label={t('settings.revokeName', { name: apiKey.name })}
          verb={t('settings.revoke')}
          busy={busy}
          onConfirm={() =>
            void act(async () => {
              await revokeKey(apiKey.id)
              onRevoked()
            })
          }
        >
          {t('settings.revoke')}
        </Confirm>
      )}
    </Item>
  )
}
