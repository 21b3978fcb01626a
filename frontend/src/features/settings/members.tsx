/** The people of the account: who they are, what each may do, and who is invited. */
import { ChevronDown, CircleUser } from 'lucide-react'
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import { toast } from 'sonner'
import { leads } from '@/protocol/rights'
import type { Me, Member, Role } from '@/protocol/types'
import { changeRole, leaveAccount, removeMember, renameMyself, useMembers } from '@/runtime/members'
import { useMe } from '@/runtime/queries'
import { useAction } from '@/runtime/use-action'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Field, INPUT } from '@/ui/field'
import { day } from '@/ui/format'
import { Menu, MenuChoice } from '@/ui/menu'
import { Inviting } from './inviting'
import { ROLES, roleTitle } from './roles'
import { Card, Group, Item, Loaded, Section } from './parts'
import { t } from '@/words'

export function Members() {
  const me = useMe()
  const query = useMembers()
  return (
    <Section title={t('members.title')} intro={t('members.intro')}>
      <Loaded query={me}>
        {(person) => (
          <Loaded query={query}>
            {(members) => {
              const mine = members.find(({ user_id }) => user_id === person.user_id)?.role ?? 'viewer'
              return (
                <>
                  {leads(mine) && <Inviting mine={mine} />}
                  <Group title={t('members.people', { count: members.length })}>
                    <Card label={t('members.title')}>
                      {members.map((member) => (
                        <Line key={member.user_id} member={member} me={person} mine={mine} members={members} />
                      ))}
                    </Card>
                  </Group>
                  <OwnName key={person.name} me={person} />
                </>
              )
            }}
          </Loaded>
        )}
      </Loaded>
    </Section>
  )
}

/** Whether somebody of one role may change somebody of another. */
function rules(mine: Role, theirs: Role): boolean {
  return mine === 'owner' || (mine === 'admin' && theirs !== 'owner')
}

interface LineProps {
  member: Member
  members: readonly Member[]
  me: Me
  mine: Role
}

function Line({ member, members, me, mine }: LineProps) {
  const { busy, problem, act } = useAction()
  const self = member.user_id === me.user_id
  const name = member.name ?? (self ? me.account.name : t('members.nobody'))
  const lastOwner = member.role === 'owner' && members.filter(({ role }) => role === 'owner').length === 1
  const mayChange = !self && rules(mine, member.role)
  const since = t('members.since', { day: day(member.created_at) })
  return (
    <Item
      icon={CircleUser}
      title={
        <>
          <span>{name}</span>
          {self && <span className="font-normal text-muted text-sm">{t('members.you')}</span>}
        </>
      }
      meta={mayChange ? since : `${roleTitle(member.role)} · ${since}`}
      problem={problem}
    >
      {mayChange && (
        <RoleMenu
          name={name}
          role={member.role}
          mine={mine}
          busy={busy}
          onChoose={(role) => void act(() => changeRole(member.user_id, role))}
        />
      )}
      {mayChange && (
        <Confirm
          label={t('members.removeOne', { name })}
          verb={t('members.remove')}
          busy={busy}
          onConfirm={() =>
            void act(async () => {
              await removeMember(member.user_id)
              toast(t('members.removed', { name }))
            })
          }
        >
          {t('members.remove')}
        </Confirm>
      )}
      {self && !lastOwner && (
        <Confirm
          label={t('members.leaveThis')}
          verb={t('members.leave')}
          busy={busy}
          onConfirm={() => void act(() => leaveAccount(me.user_id, me.accounts.length > 1, t('members.left')))}
        >
          {t('members.leave')}
        </Confirm>
      )}
    </Item>
  )
}

interface RoleMenuProps {
  name: string
  role: Role
  mine: Role
  busy: boolean
  onChoose: (role: Role) => void
}

function RoleMenu({ name, role, mine, busy, onChoose }: RoleMenuProps) {
  return (
    <Menu
      align="end"
      className="w-72"
      trigger={
        <Button size="small" disabled={busy} aria-label={t('members.role', { name, role: roleTitle(role) })}>
          {roleTitle(role)} <ChevronDown size={13} aria-hidden="true" />
        </Button>
      }
    >
      {ROLES.filter(({ value }) => rules(mine, value)).map(({ value, title, may }) => (
        <MenuChoice
          key={value}
          chosen={value === role}
          onSelect={() => {
            if (value !== role) onChoose(value)
          }}
        >
          <span className="block font-medium">{title}</span>
          <span className="block text-muted text-sm">{may}</span>
        </MenuChoice>
      ))}
    </Menu>
  )
}

function OwnName({ me }: { me: Me }) {
  const [name, setName] = useState(me.name ?? '')
  const { busy, problem, act } = useAction()
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void act(async () => {
      await renameMyself(me.user_id, name.trim())
      toast(t('members.saved'))
    })
  }
  return (
    <form onSubmit={submit}>
      <Field label={t('members.yourName')} note={t('members.yourNameNote')}>
        {(ids) => (
          <span className="flex gap-2">
            <input
              {...ids}
              value={name}
              onChange={(event) => {
                setName(event.target.value)
              }}
              maxLength={100}
              autoComplete="name"
              className={`${INPUT} max-w-80`}
            />
            <Button type="submit" size="large" disabled={busy || name.trim() === '' || name.trim() === me.name}>
              {t('members.save')}
            </Button>
          </span>
        )}
      </Field>
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </form>
  )
}
