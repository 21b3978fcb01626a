/** The people of the account: who they are, inviting one more, and accepting an invitation. */
import { useQuery } from '@tanstack/react-query'
import type { Joined, MadeInvitation, OpenInvitation, Role } from '@/protocol/types'
import { api, body } from './api'
import { chooseAccount, signIn, signOut } from './auth'
import { queryClient } from './queries'

export function useMembers() {
  return useQuery({
    queryKey: ['members'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/members', { signal })).items,
    staleTime: 0,
  })
}

export function useInvitations(enabled: boolean) {
  return useQuery({
    queryKey: ['invitations'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/invitations', { signal })).items,
    staleTime: 0,
    enabled,
  })
}

/** Raises ApiError. */
export async function changeRole(userId: string, role: Role): Promise<void> {
  await api.PATCH('/v1/members/{user_id}', { params: { path: { user_id: userId } }, body: { role } })
  await queryClient.invalidateQueries({ queryKey: ['members'] })
}

/** Raises ApiError. */
export async function renameMyself(userId: string, name: string): Promise<void> {
  await api.PATCH('/v1/members/{user_id}', { params: { path: { user_id: userId } }, body: { name } })
  await Promise.all(['members', 'me'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })))
}

/** Raises ApiError. */
export async function removeMember(userId: string): Promise<void> {
  await api.DELETE('/v1/members/{user_id}', { params: { path: { user_id: userId } } })
  await queryClient.invalidateQueries({ queryKey: ['members'] })
}

/** Goes out of the account; whoever has no other one is signed out, and told why. Raises ApiError. */
export async function leaveAccount(userId: string, hasOthers: boolean, why: string): Promise<void> {
  await api.DELETE('/v1/members/{user_id}', { params: { path: { user_id: userId } } })
  if (hasOthers) actFor(null)
  else signOut(why)
}

/** Makes an invitation that is good for so many days. Raises ApiError. */
export async function invite(role: Role, note: string, days: number): Promise<MadeInvitation> {
  const expires_at = new Date(Date.now() + days * 86_400_000 - 60_000).toISOString()
  const made = body(await api.POST('/v1/invitations', { body: { role, note: note === '' ? null : note, expires_at } }))
  await queryClient.invalidateQueries({ queryKey: ['invitations'] })
  return made
}

/** Raises ApiError. */
export async function revokeInvitation(id: string): Promise<void> {
  await api.DELETE('/v1/invitations/{invitation_id}', { params: { path: { invitation_id: id } } })
  await queryClient.invalidateQueries({ queryKey: ['invitations'] })
}

/** The address of an invitation. After the `#` nothing is sent to any server, nor told to the next page. */
export function joinLink(token: string): string {
  return `${location.origin}/join#${token}`
}

/** Raises ApiError. */
export async function lookAtInvitation(token: string, signal: AbortSignal): Promise<OpenInvitation> {
  return body(await api.POST('/v1/invitations/look', { body: { token }, signal }))
}

/** Joins as who is signed in, else as a new person, who is signed in then. Raises ApiError. */
export async function acceptInvitation(token: string, name: string): Promise<void> {
  const joined: Joined = body(
    await api.POST('/v1/invitations/accept', { body: { token, name: name === '' ? null : name } }),
  )
  if (joined.token == null) {
    actFor(joined.account.id)
    return
  }
  signIn(joined.token)
  location.assign('/')
}

/** Acts for another account from now on, null: the person's own. The page begins anew: nothing of the other stays. */
export function actFor(accountId: string | null): void {
  chooseAccount(accountId)
  location.assign('/')
}
