/** API keys: one more, shown once, and those there are. */
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import type { ApiKey, KeyScope, MadeKey } from '@/protocol/types'
import { createKey, curlWith, revokeKey, useKeys } from '@/runtime/keys'
import { useAction } from '@/runtime/use-action'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { CopyButton } from '@/ui/clipboard'
import { Confirm } from '@/ui/confirm'
import { Field, INPUT } from '@/ui/field'
import { day, moment } from '@/ui/format'
import { Segments } from '@/ui/segments'
import { Card, Empty, Group, Loaded, Section } from './parts'

const SCOPES: readonly { value: KeyScope; title: string }[] = [
  { value: 'write', title: 'Read and write' },
  { value: 'read', title: 'Read only' },
]
const SPANS = [
  { value: '30', title: '30 days' },
  { value: '90', title: '90 days' },
  { value: '365', title: '1 year' },
  { value: 'none', title: 'Never' },
] as const
type Span = (typeof SPANS)[number]['value']

export function Keys() {
  const query = useKeys()
  const [made, setMade] = useState<MadeKey | null>(null)
  return (
    <Section
      title="API keys"
      intro="A program signs in with a key and works in your account as you do. No key can make keys, nor touch secrets."
    >
      <NewKey onMade={setMade} />
      {made !== null && <Made made={made} />}
      <Loaded query={query}>
        {(keys) =>
          keys.length === 0 ? (
            <Empty>There are no keys yet.</Empty>
          ) : (
            <Group title="Your keys">
              <Card label="API keys">
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
    <form onSubmit={submit} className="rounded-md border bg-raised p-4" aria-label="New key">
      <Field label="Name" note="What it is for: it tells your keys apart.">
        {(ids) => (
          <input
            {...ids}
            value={name}
            onChange={(event) => {
              setName(event.target.value)
            }}
            maxLength={200}
            placeholder="Nightly report"
            autoComplete="off"
            className={INPUT}
          />
        )}
      </Field>
      <div className="mt-4 flex flex-wrap items-end gap-4">
        <Segments legend="What it may do" value={scope} options={SCOPES} onChange={setScope} />
        <Segments legend="It expires after" value={span} options={SPANS} onChange={setSpan} />
        <Button type="submit" look="primary" disabled={busy || name.trim() === ''} className="h-[34px]">
          <Plus size={14} aria-hidden="true" /> Make a key
        </Button>
      </div>
      {problem !== null && <Alert className="mt-3">{problem}</Alert>}
    </form>
  )
}

function Made({ made }: { made: MadeKey }) {
  const command = curlWith(made.key)
  return (
    <div role="status" className="appear rounded-md border border-accent/50 bg-accent/5 p-4">
      <Field label={`Copy the key “${made.name}” now: it is not shown again.`}>
        {(ids) => (
          <div className="flex items-center gap-1">
            <input
              {...ids}
              readOnly
              value={made.key}
              onFocus={({ target }) => {
                target.select()
              }}
              className={`${INPUT} flex-1 font-mono text-sm`}
            />
            <CopyButton text={() => made.key} label="Copy the key" />
          </div>
        )}
      </Field>
      <p className="mt-3 mb-1.5 text-muted">Try it:</p>
      <div className="flex items-start gap-1">
        <pre className="min-w-0 flex-1 whitespace-pre-wrap break-all rounded-sm border bg-bg px-3 py-2 font-mono text-sm">
          {command}
        </pre>
        <CopyButton text={() => command} label="Copy the command" />
      </div>
    </div>
  )
}

function Line({ apiKey, onRevoked }: { apiKey: ApiKey; onRevoked: () => void }) {
  const { busy, problem, act } = useAction()
  // eslint-disable-next-line react-hooks/purity -- a line that is a moment old may say so
  const expired = apiKey.expires_at != null && Date.parse(apiKey.expires_at) <= Date.now()
  const facts = [
    apiKey.scope === 'read' ? 'Read only' : 'Read and write',
    apiKey.expires_at == null ? 'does not expire' : `${expired ? 'expired' : 'expires'} ${day(apiKey.expires_at)}`,
    apiKey.last_used_at == null ? 'never used' : `used ${moment(apiKey.last_used_at)}`,
  ]
  return (
    <li className="px-4 py-3">
      <div className="flex items-center gap-3">
        <KeyRound size={15} className="shrink-0 text-muted max-sm:hidden" aria-hidden="true" />
        <span className="min-w-0 flex-1">
          <span className="flex flex-wrap items-baseline gap-x-2.5">
            <span className="break-words font-medium">{apiKey.name}</span>
            <span className="font-mono text-muted text-sm">{apiKey.prefix}…</span>
          </span>
          <span className={expired ? 'text-err text-sm' : 'text-muted text-sm'}>{facts.join(' · ')}</span>
        </span>
        <Confirm
          label={`Revoke ${apiKey.name}`}
          verb="Revoke"
          busy={busy}
          onConfirm={() =>
            void act(async () => {
              await revokeKey(apiKey.id)
              onRevoked()
            })
          }
        >
          Revoke
        </Confirm>
      </div>
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </li>
  )
}
