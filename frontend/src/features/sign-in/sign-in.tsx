/** For somebody who is not signed in: what to open, or where to put a token. */
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import { signIn, useSession } from '@/runtime/auth'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { t } from '@/words'
import { Rich } from '@/ui/rich'

export function SignIn() {
  const problem = useSession((state) => state.problem)
  const [token, setToken] = useState('')
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (token.trim() !== '') signIn(token.trim())
  }
  return (
    <main className="flex min-h-full items-center justify-center p-5">
      <div className="w-full max-w-[400px]">
        <img src="/favicon.svg" alt="" width="36" height="36" />
        <h1 className="mt-5 font-semibold text-xl tracking-tight">{t('signIn.signInToFactotum')}</h1>
        {problem !== null && <Alert className="mt-3">{problem}</Alert>}
        <p className="mt-3 text-muted">
          <Rich
            of="signIn.openTheAddress"
            parts={{ command: <code className="font-mono text-fg text-sm">factotum serve</code> }}
          />
        </p>
        <form onSubmit={submit} className="mt-5">
          <label htmlFor="token" className="font-medium">
            {t('signIn.accessToken')}
          </label>
          <div className="mt-1.5 flex gap-2">
            <input
              id="token"
              type="password"
              autoComplete="current-password"
              value={token}
              onChange={(event) => {
                setToken(event.target.value)
              }}
              aria-describedby="token-place"
              className="h-9 min-w-0 flex-1 rounded-sm border bg-raised px-3 font-mono"
            />
            <Button type="submit" look="primary" size="large" disabled={token.trim() === ''}>
              {t('signIn.signIn')}
            </Button>
          </div>
          <p id="token-place" className="mt-2 text-muted text-sm">
            <Rich
              of="signIn.whereTheTokenLies"
              parts={{ file: <code className="font-mono">token</code>, setting: 'FACTOTUM_API_TOKEN' }}
            />
          </p>
        </form>
      </div>
    </main>
  )
}
