/** What the roles of an account are called, and what each may do. */
import type { Role } from '@/protocol/types'
import { t } from '@/words'
import type { Key } from '@/words'

interface RoleWords {
  readonly value: Role
  readonly title: string
  readonly may: string
}

export const ROLES: readonly RoleWords[] = [
  role('owner', 'members.roles.owner', 'members.roles.ownerMay'),
  role('admin', 'members.roles.admin', 'members.roles.adminMay'),
  role('member', 'members.roles.member', 'members.roles.memberMay'),
  role('viewer', 'members.roles.viewer', 'members.roles.viewerMay'),
]

export function roleTitle(role: Role): string {
  return ROLES.find(({ value }) => value === role)?.title ?? role
}

function role(value: Role, title: Key, may: Key): RoleWords {
  return {
    value,
    get title() {
      return t(title)
    },
    get may() {
      return t(may)
    },
  }
}
