import { expect, test } from 'vitest'
import { mayRevoke } from '@/protocol/rights'
import type { Role } from '@/protocol/types'

test.each([
  ['owner', true, true],
  ['admin', true, true],
  ['member', true, false],
  ['viewer', false, false],
] satisfies [Role, boolean, boolean][])('as %s: own keys %j, those of others %j', (role, own, others) => {
  const me = { user_id: 'a', account: { id: 'x', name: 'Team', kind: 'team', role } as const }
  expect(mayRevoke({ user_id: 'a' }, me)).toBe(own)
  expect(mayRevoke({ user_id: 'b' }, me)).toBe(others)
})
