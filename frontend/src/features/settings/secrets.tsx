/** Secrets: what programs of the agent may use for some hosts, and nobody reads again. */
import { Lock, Pencil, Plus } from 'lucide-react'
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import { lines } from '@/protocol/agents'
import type { Secret } from '@/protocol/types'
import { deleteSecret, putSecret, useSecrets } from '@/runtime/secrets'
import { useMayWrite } from '@/runtime/rights'
import { useAction } from '@/runtime/use-action'
import { Alert } from '@/ui/alert'
import { Button, IconButton } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { cn } from '@/ui/cn'
import { AREA, Field, INPUT } from '@/ui/field'
import { day, moment } from '@/ui/format'
import { t } from '@/words'
import { Card, Empty, Item, Loaded, ReadersNote, Section } from './parts'

/** Which secret is being written: a new one, one by its name, or none. */
type Open = { readonly name: string | null } | null

export function Secrets() {
  const query = useSecrets()
  const mayWrite = useMayWrite()
  const [open, setOpen] = useState<Open>(null)
  const close = (): void => {
    setOpen(null)
  }
  return (
    <Section
      title={t('settings.secrets')}
      intro={t('settings.theAgentsProgramsUseA')}
      action={
        mayWrite && query.error === null && open === null ? (
          <Button
            look="primary"
            onClick={() => {
              setOpen({ name: null })
            }}
          >
            <Plus size={14} aria-hidden="true" /> {t('settings.addASecret')}
          </Button>
        ) : undefined
      }
    >
      <ReadersNote />
      {open?.name === null && <SecretForm secret={null} onDone={close} />}
      <Loaded query={query}>
        {(secrets) =>
          secrets.length === 0 ? (
            open === null && (
              <Empty icon={Lock} title={t('settings.noSecretsYet')} note={t('settings.thereAreNoSecretsYet')} />
            )
          ) : (
            <Card label={t('settings.secrets')}>
              {secrets.map((secret) =>
                open?.name === secret.name ? (
                  <li key={secret.name}>
                    <SecretForm secret={secret} onDone={close} />
                  </li>
                ) : (
                  <Line
                    key={secret.name}
                    secret={secret}
                    onEdit={() => {
                      setOpen({ name: secret.name })
                    }}
                  />
                ),
              )}
            </Card>
          )
        }
      </Loaded>
    </Section>
  )
}

function Line({ secret, onEdit }: { secret: Secret; onEdit: () => void }) {
  const { busy, problem, act } = useAction()
  const mayWrite = useMayWrite()
  const used =
    secret.last_used_at == null
      ? t('settings.neverUsed')
      : t('settings.usedAt', { moment: moment(secret.last_used_at) })
  return (
    <Item
      icon={Lock}
      title={<span className="font-mono">{secret.name}</span>}
      meta={
        <>
          <span className="block break-words text-fg">
            {secret.hosts.length === 0 ? t('settings.forNoHostYet') : secret.hosts.join(', ')}
          </span>
          {t('settings.changedOn', { day: day(secret.updated_at) })} · {used}
        </>
      }
      problem={problem}
    >
      {mayWrite && (
        <>
          <IconButton label={t('settings.changeName', { name: secret.name })} size="icon-small" onClick={onEdit}>
            <Pencil size={14} />
          </IconButton>
          <Confirm
            label={t('settings.deleteName', { name: secret.name })}
            verb={t('settings.delete')}
            busy={busy}
            onConfirm={() => void act(() => deleteSecret(secret.name))}
          >
            {t('settings.delete')}
          </Confirm>
        </>
      )}
    </Item>
  )
}

function SecretForm({ secret, onDone }: { secret: Secret | null; onDone: () => void }) {
  const [name, setName] = useState(secret?.name ?? '')
  const [value, setValue] = useState('')
  const [hosts, setHosts] = useState(secret?.hosts.join('\n') ?? '')
  const { busy, problem, act } = useAction()
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void act(async () => {
      await putSecret(name.trim(), value === '' ? null : value, lines(hosts))
      onDone()
    })
  }
  return (
    <form
      onSubmit={submit}
      aria-label={secret === null ? t('settings.newSecret') : t('settings.changeName', { name: secret.name })}
      className={cn('flex flex-col gap-4 p-4', secret === null && 'rounded-md border bg-raised')}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('settings.name')}>
          {(ids) => (
            <input
              {...ids}
              value={name}
              readOnly={secret !== null}
              onChange={(event) => {
                setName(event.target.value)
              }}
              placeholder="GITHUB_TOKEN"
              autoComplete="off"
              spellCheck={false}
              className={`${INPUT} font-mono`}
            />
          )}
        </Field>
        <Field label={secret === null ? t('settings.value') : t('settings.newValue')}>
          {(ids) => (
            <input
              {...ids}
              type="password"
              value={value}
              onChange={(event) => {
                setValue(event.target.value)
              }}
              placeholder={secret === null ? '' : t('settings.staysAsItIs')}
              autoComplete="new-password"
              className={`${INPUT} font-mono`}
            />
          )}
        </Field>
      </div>
      <Field label={t('settings.hosts')} note={t('settings.oneALineApiGithub')}>
        {(ids) => (
          <textarea
            {...ids}
            value={hosts}
            onChange={(event) => {
              setHosts(event.target.value)
            }}
            spellCheck={false}
            className={`${AREA} font-mono text-sm`}
          />
        )}
      </Field>
      {problem !== null && <Alert>{problem}</Alert>}
      <div className="flex gap-2">
        <Button
          type="submit"
          look="primary"
          disabled={busy || name.trim() === '' || lines(hosts).length === 0 || (secret === null && value === '')}
        >
          {t('settings.save')}
        </Button>
        <Button onClick={onDone}>{t('settings.cancel')}</Button>
      </div>
    </form>
  )
}
