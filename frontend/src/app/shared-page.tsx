/** What a link shares, for whoever has it: nothing of their own is asked for, shown or sent. */
import { useEffect, useState } from 'react'
import { PlayedThread } from '@/features/replay/played-thread'
import { LookButton } from '@/features/thread/look-button'
import type { Shared } from '@/protocol/types'
import { ApiError } from '@/runtime/api'
import { openShared } from '@/runtime/open-shared'
import type { Player } from '@/runtime/player'
import { SessionContext } from '@/runtime/use-thread'
import { moment } from '@/ui/format'
import { t } from '@/words'
import { PanelButton, SidePanel } from './side-panel'
import { useTitle } from './title'
import { Rich } from '@/ui/rich'

type Opened = { readonly shared: Shared; readonly player: Player } | ApiError

export default function SharedPage() {
  const token = useToken()
  const [opened, setOpened] = useState<Opened | null>(null)
  useTitle(opened === null || opened instanceof ApiError ? 'Factotum' : `${opened.shared.title} · Factotum`)

  useEffect(() => {
    const closed = new AbortController()
    let player: Player | null = null
    openShared(token, closed.signal)
      .then((found) => {
        player = found.player
        setOpened(found)
      })
      .catch((error: unknown) => {
        if (closed.signal.aborted) return
        if (!(error instanceof ApiError)) throw error
        setOpened(error)
      })
    return () => {
      closed.abort()
      player?.pause()
    }
  }, [token])

  if (opened === null) return <main className="h-full" aria-busy="true" aria-label={t('app.aSharedThread')} />
  if (opened instanceof ApiError)
    return (
      <main className="flex h-full items-center justify-center p-6">
        <div role="alert" className="max-w-md text-center">
          <img src="/favicon.svg" alt="Factotum" width="40" height="40" className="mx-auto mb-4" />
          <h1 className="font-semibold text-lg">{opened.message}</h1>
          <p className="mt-1 text-muted">{opened.hint}</p>
        </div>
      </main>
    )
  const { shared, player } = opened
  return (
    <SessionContext value={player}>
      <div className="flex h-full">
        <PlayedThread
          player={player}
          title={shared.title}
          note={
            <Rich
              of="app.sharedReadOnly"
              parts={{ time: <time dateTime={shared.shared_at}>{moment(shared.shared_at)}</time> }}
            />
          }
          actions={<img src="/favicon.svg" alt="Factotum" width="22" height="22" className="shrink-0" />}
          trailing={
            <>
              <LookButton />
              <PanelButton />
            </>
          }
        />
        <SidePanel />
      </div>
    </SessionContext>
  )
}

/** The token after the `#`: it stays in the address bar and is sent to nobody but in a header. */
function useToken(): string {
  const [token, setToken] = useState(() => location.hash.slice(1))
  useEffect(() => {
    const look = (): void => {
      setToken(location.hash.slice(1))
    }
    window.addEventListener('hashchange', look)
    return () => {
      window.removeEventListener('hashchange', look)
    }
  }, [])
  return token
}
