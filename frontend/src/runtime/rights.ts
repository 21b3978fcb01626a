/** What the person may do in the account that they act for. */
import { skipToken, useQuery } from '@tanstack/react-query'
import type { Me } from '@/protocol/types'

/**
 * Whether they may do more than read. Until the service has said it, they may: it refuses in any case. Asks for
 * nothing by itself (the frame of the page does), since it is also drawn with for whoever is not signed in.
 */
export function useMayWrite(): boolean {
  const { data } = useQuery<Me>({ queryKey: ['me'], queryFn: skipToken })
  return data?.account.role !== 'viewer'
}
