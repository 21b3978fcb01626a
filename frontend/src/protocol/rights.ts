/** What somebody may do in the account that they act for: as the service decides it, so that nothing is offered in vain. */
import type { ApiKey, Me, Role } from './types'

export function leads(role: Role): boolean {
  return role === 'owner' || role === 'admin'
}

/** Whether somebody may end a key: their own, or as who looks after the account any. */
export function mayRevoke(
  key: Pick<ApiKey, 'user_id'>,
  { user_id, account }: Pick<Me, 'user_id' | 'account'>,
): boolean {
  return account.role !== 'viewer' && (key.user_id === user_id || leads(account.role))
}
