/** For somebody who is not signed in: what to open, or where to put a token. */
import { ExternalLink } from 'lucide-react'
import { useState } from 'react'
import type { SyntheticEvent } from 'react'
import { trySignIn, useSession } from '@/runtime/auth'
import { signInHelp } from '@/runtime/config'
import { Alert } from '@/ui/alert'
import { Button } from '@/ui/button'
import { t } from '@/words'
import { Rich } from '@/ui/rich'

export function SignIn() {
  const before = useSession((state) => state.problem)
  const [token, setToken] = useState('')
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<string | null>(null)
  const problem = refused ?? before
  const help = signInHelp()
  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    if (token.trim() === '' || busy) return
    setBusy(true)
    setRefused(await trySignIn(token.trim()))
    setBusy(false)
  }
  return (
    <main className="flex min-h-full items-center justify-center p-5">
      <div className="w-full max-w-[400px]">
        <img src="/favicon.svg" alt="" width="36" height="36" />
        <h1 className="mt-5 font-semibold text-xl tracking-tight">{t('signIn.signInToFactotum')}</h1>
        {problem !== null && <Alert className="mt-3">{problem}</Alert>}
        <Intro />
        <form onSubmit={(event) => void submit(event)} className="mt-5">
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
              {...(help === null && { 'aria-describedby': 'token-place' })}
              className="h-9 min-w-0 flex-1 rounded-sm border bg-raised px-3 font-mono"
            />
            <Button type="submit" look="primary" size="large" disabled={busy || token.trim() === ''}>
              {t('signIn.signIn')}
            </Button>
          </div>
          {help === null && (
            <p id="token-place" className="mt-2 text-muted text-sm">
              <Rich
                of="signIn.whereTheTokenLies"
                parts={{ file: <code className="font-mono">token</code>, setting: 'FACTOTUM_API_TOKEN' }}
              />
            </p>
          )}
        </form>
      </div>
    </main>
  )
}

/** How one comes by a token: what the deployment says, else where every installation has it. */
function Intro() {
  const help = signInHelp()
  if (help === null)
    return (
      <p className="mt-3 text-muted">
        <Rich
          of="signIn.openTheAddress"
          parts={{ command: <code className="font-mono text-fg text-sm">factotum serve</code> }}
        />
      </p>
    )
  return (
    <div className="mt-3 text-muted">
      <p className="whitespace-pre-line [overflow-wrap:anywhere]">{help.hint}</p>
      {help.link !== null && (
        <a
          href={help.link.href}
          target="_blank"
          rel="noopener noreferrer"
          className="mt-2 inline-flex max-w-full items-center gap-1.5 text-accent underline"
        >
          <span className="truncate">{t('signIn.getATokenAt', { host: help.link.host })}</span>
          <ExternalLink size={13} className="shrink-0" aria-hidden="true" />
        </a>
      )}
    </div>
  )
}
