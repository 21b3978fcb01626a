/** An invitation, for whoever has its link: what it is to, a name, and one button. */
import { useEffect, useState } from 'react'
import type { ReactNode, SyntheticEvent } from 'react'
import type { OpenInvitation } from '@/protocol/types'
import { ApiError } from '@/runtime/api'
import { useSession } from '@/runtime/auth'
import { acceptInvitation, lookAtInvitation } from '@/runtime/members'
import { useAction } from '@/runtime/use-action'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { Field, INPUT } from '@/ui/field'
import { moment } from '@/ui/format'
import { ROLES, roleTitle } from '../settings/roles'
import { t } from '@/words'

export function Join({ token }: { token: string }) {
  const [found, setFound] = useState<OpenInvitation | ApiError | null>(null)
  useEffect(() => {
    const closed = new AbortController()
    lookAtInvitation(token, closed.signal)
      .then(setFound)
      .catch((error: unknown) => {
        if (closed.signal.aborted) return
        if (!(error instanceof ApiError)) throw error
        setFound(error)
      })
    return () => {
      closed.abort()
    }
  }, [token])
  if (found === null) return <main className="h-full" aria-busy="true" aria-label={t('members.join.looking')} />
  if (found instanceof ApiError)
    return (
      <Frame heading={found.message}>
        <p className="mt-2 text-muted">{found.hint}</p>
        <a href="/" className="mt-4 inline-block text-accent underline">
          {t('members.join.home')}
        </a>
      </Frame>
    )
  return <Invitation token={token} invitation={found} />
}

function Invitation({ token, invitation }: { token: string; invitation: OpenInvitation }) {
  const signedIn = useSession((state) => state.token !== null)
  const [name, setName] = useState('')
  const { busy, problem, act } = useAction()
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void act(() => acceptInvitation(token, name.trim()))
  }
  const role = ROLES.find(({ value }) => value === invitation.role)
  const mustSignIn = invitation.sign_in_first && !signedIn
  return (
    <Frame heading={t('members.join.heading', { account: invitation.account_name })}>
      <p className="mt-2 text-muted">{t('members.join.intro')}</p>
      <dl className="mt-5 rounded-md border bg-raised px-4 py-3">
        <dt className="text-muted text-sm">{t('members.join.become')}</dt>
        <dd className="mt-0.5">
          <span className="block font-medium">{roleTitle(invitation.role)}</span>
          <span className="block text-muted">{role?.may}</span>
          <span className="mt-1 block text-muted text-sm">
            {t('members.join.until', { moment: moment(invitation.expires_at) })}
          </span>
        </dd>
      </dl>
      {mustSignIn ? (
        <>
          <p className="mt-5">{t('members.join.signInFirst')}</p>
          <a href="/" className="mt-2 inline-block text-accent underline">
            {t('members.join.signIn')}
          </a>
        </>
      ) : (
        <form onSubmit={submit} className="mt-5">
          <Field label={t('members.join.name')} note={t('members.join.nameNote')}>
            {(ids) => (
              <input
                {...ids}
                value={name}
                onChange={(event) => {
                  setName(event.target.value)
                }}
                maxLength={100}
                required
                autoComplete="name"
                className={INPUT}
              />
            )}
          </Field>
          {problem !== null && <Alert className="mt-3">{problem}</Alert>}
          <Button
            type="submit"
            look="primary"
            size="large"
            disabled={busy || name.trim() === ''}
            className="mt-4 w-full"
          >
            {t('members.join.join')}
          </Button>
          <p className="mt-3 text-muted text-sm">{signedIn ? t('members.join.signedIn') : t('members.join.here')}</p>
        </form>
      )}
    </Frame>
  )
}

function Frame({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <main className="flex min-h-full items-center justify-center p-5">
      <div className="w-full max-w-[400px]">
        <img src="/favicon.svg" alt="" width="36" height="36" />
        <h1 className="mt-5 break-words font-semibold text-xl tracking-tight">{heading}</h1>
        {children}
      </div>
    </main>
  )
}
