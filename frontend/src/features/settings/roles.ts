/** What the roles of an account are called, and what each may do. */
import type { Role } from '@/protocol/types'
import { t } from '@/words'

interface RoleWords {
  readonly value: Role
  readonly title: string
  readonly may: string
}

export const ROLES: readonly RoleWords[] = (['owner', 'admin', 'member', 'viewer'] as const).map((value) => ({
  value,
  get title() {
    return t(`members.roles.${value}`)
  },
  get may() {
    return t(`members.roles.${value}May`)
  },
}))

export function roleTitle(role: Role): string {
  return ROLES.find(({ value }) => value === role)?.title ?? role
}
