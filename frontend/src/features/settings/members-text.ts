/** What the pages about people say. */
import type { Role } from '@/protocol/types'

export const ROLES: readonly { readonly value: Role; readonly title: string; readonly may: string }[] = [
  { value: 'owner', title: 'Owner', may: 'Everything, other owners included' },
  { value: 'admin', title: 'Admin', may: 'Works here and looks after the members' },
  { value: 'member', title: 'Member', may: 'Gives tasks, and works with all that is here' },
  { value: 'viewer', title: 'Viewer', may: 'Reads, and changes nothing' },
]

export function roleTitle(role: Role): string {
  return ROLES.find(({ value }) => value === role)?.title ?? role
}

export const MEMBERS = {
  title: 'Members',
  intro: 'Members share this account: its threads, projects, files, agents and secrets.',
  list: 'Members',
  people: (count: number) => (count === 1 ? '1 person' : `${String(count)} people`),
  nobody: 'No name yet',
  you: 'you',
  since: (day: string) => `since ${day}`,
  role: (name: string, role: string) => `Role of ${name}: ${role}`,
  remove: 'Remove',
  removeOne: (name: string) => `Remove ${name}`,
  removed: (name: string) => `${name} is out. What they made stays here.`,
  leave: 'Leave',
  leaveThis: 'Leave this account',
  left: 'You left the account.',
  yourName: 'Your name',
  yourNameNote: 'What the others see of you here.',
  save: 'Save',
  saved: 'Your name is saved.',
} as const

export const INVITING = {
  form: 'New invitation',
  note: 'For whom',
  noteHelp: 'A name or an e-mail address, for you to tell invitations apart. Nothing is sent.',
  notePlaceholder: 'ada@example.com',
  role: 'They become',
  span: 'The link is good for',
  spans: [
    { value: '1', title: '1 day' },
    { value: '7', title: '7 days' },
    { value: '30', title: '30 days' },
  ],
  invite: 'Invite',
  made: 'Copy the link now and give it to them: it is good once, and not shown again.',
  copy: 'Copy the link',
  open: 'Open invitations',
  somebody: 'Somebody',
  until: (moment: string) => `until ${moment}`,
  revoke: 'Revoke',
  revokeOne: (name: string) => `Revoke the invitation for ${name}`,
} as const

export const JOIN = {
  title: 'Join',
  heading: (account: string) => `Join “${account}”`,
  intro: 'You were invited to an account of Factotum, where an agent works for you and the others.',
  become: 'You become',
  until: (moment: string) => `Good until ${moment}`,
  name: 'Your name',
  nameNote: 'What the others see of you.',
  join: 'Join',
  signedIn: 'You are signed in: this account comes to those that you have.',
  signInFirst: 'Sign in first, then open this link again.',
  signIn: 'Sign in',
  looking: 'An invitation',
  home: 'To Factotum',
  here: 'This browser stays signed in. Joining makes you a person here, without a password.',
} as const

export const SWITCH = { label: 'Account' } as const
