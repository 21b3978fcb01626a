/** Invitations: one more, its link shown once, and those that are open. */
import { Mail, UserPlus } from 'lucide-react'
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import type { Invitation, MadeInvitation, Role } from '@/protocol/types'
import { invite, joinLink, revokeInvitation, useInvitations } from '@/runtime/members'
import { useAction } from '@/runtime/use-action'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Field, INPUT } from '@/ui/field'
import { moment } from '@/ui/format'
import { Segments } from '@/ui/segments'
import { ShownOnce } from '@/ui/shown-once'
import { ROLES, roleTitle } from './roles'
import { Card, Group, Item, Loaded } from './parts'
import { t } from '@/words'

const DAYS = ['1', '7', '30'] as const
type Span = (typeof DAYS)[number]

/** For owners and admins; `mine`: which of them. */
export function Inviting({ mine }: { mine: Role }) {
  const query = useInvitations(true)
  const [made, setMade] = useState<MadeInvitation | null>(null)
  return (
    <>
      <NewInvitation mine={mine} onMade={setMade} />
      {made !== null && (
        <ShownOnce label={t('members.inviting.made')} value={joinLink(made.token)} copy={t('members.inviting.copy')} />
      )}
      <Loaded query={query}>
        {(invitations) =>
          invitations.length > 0 && (
            <Group title={t('members.inviting.open')}>
              <Card label={t('members.inviting.open')}>
                {invitations.map((invitation) => (
                  <Line
                    key={invitation.id}
                    invitation={invitation}
                    onRevoked={() => {
                      if (made?.id === invitation.id) setMade(null)
                    }}
                  />
                ))}
              </Card>
            </Group>
          )
        }
      </Loaded>
    </>
  )
}

function NewInvitation({ mine, onMade }: { mine: Role; onMade: (made: MadeInvitation) => void }) {
  const [note, setNote] = useState('')
  const [role, setRole] = useState<Role>('member')
  const [span, setSpan] = useState<Span>('7')
  const { busy, problem, act } = useAction()
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void act(async () => {
      onMade(await invite(role, note.trim(), Number(span)))
      setNote('')
    })
  }
  const roles = ROLES.filter(({ value }) => mine === 'owner' || value !== 'owner')
  return (
    <form onSubmit={submit} className="rounded-md border bg-raised p-4" aria-label={t('members.inviting.form')}>
      <Field label={t('members.inviting.note')} note={t('members.inviting.noteHelp')}>
        {(ids) => (
          <input
            {...ids}
            value={note}
            onChange={(event) => {
              setNote(event.target.value)
            }}
            maxLength={254}
            placeholder={t('members.inviting.notePlaceholder')}
            autoComplete="off"
            className={INPUT}
          />
        )}
      </Field>
      <div className="mt-4 flex flex-wrap items-end gap-4">
        <Segments legend={t('members.inviting.role')} value={role} options={roles} onChange={setRole} />
        <Segments
          legend={t('members.inviting.span')}
          value={span}
          options={DAYS.map((days) => ({ value: days, title: t('members.inviting.days', { count: Number(days) }) }))}
          onChange={setSpan}
        />
        <Button type="submit" look="primary" disabled={busy} className="h-[34px]">
          <UserPlus size={14} aria-hidden="true" /> {t('members.inviting.invite')}
        </Button>
      </div>
      <p className="mt-3 text-muted text-sm">
        {roleTitle(role)}: {ROLES.find(({ value }) => value === role)?.may}
      </p>
      {problem !== null && <Alert className="mt-3">{problem}</Alert>}
    </form>
  )
}

function Line({ invitation, onRevoked }: { invitation: Invitation; onRevoked: () => void }) {
  const { busy, problem, act } = useAction()
  const name = invitation.note ?? t('members.inviting.somebody')
  const until = t('members.inviting.until', { moment: moment(invitation.expires_at) })
  return (
    <Item icon={Mail} title={name} meta={`${roleTitle(invitation.role)} · ${until}`} problem={problem}>
      <Confirm
        label={t('members.inviting.revokeOne', { name })}
        verb={t('members.inviting.revoke')}
        busy={busy}
        onConfirm={() =>
          void act(async () => {
            await revokeInvitation(invitation.id)
            onRevoked()
          })
        }
      >
        {t('members.inviting.revoke')}
      </Confirm>
    </Item>
  )
}
