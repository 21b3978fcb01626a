/** The pages: the first minute, a thread, and what is said where there is none. */
import { Link, useParams } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useMemo } from 'react'
import { Start } from '@/features/start/start'
import { ThreadView } from '@/features/thread/thread-view'
import { endReplay, useReplaying } from '@/runtime/replaying'
import { ThreadSession } from '@/runtime/thread-session'
import { SessionContext, useThreadState } from '@/runtime/use-thread'
import { t, withWords } from '@/words'
import { PanelButton, SidePanel } from './side-panel'
import { SidebarButton } from './sidebar-button'
import { useTitle } from './title'

const ReplayPage = lazy(() => withWords(import('./replay-page')))

export function StartPage() {
  useTitle('Factotum')
  return <Start actions={<SidebarButton />} />
}

export function ThreadPage() {
  const { threadId } = useParams({ from: '/t/$threadId' })
  const session = useMemo(() => new ThreadSession(threadId), [threadId])
  const played = useReplaying(({ player }) => player?.threadId === threadId)
  useEffect(() => {
    void session.open()
    return () => {
      session.close()
      endReplay()
    }
  }, [session])
  return (
    <SessionContext value={session}>
      <ThreadTitle />
      {played ? (
        <Suspense>
          <ReplayPage actions={<SidebarButton />} />
        </Suspense>
      ) : (
        <>
          <ThreadView actions={<SidebarButton />} trailing={<PanelButton />} />
          <SidePanel />
        </>
      )}
    </SessionContext>
  )
}

function ThreadTitle() {
  const title = useThreadState((state) => state.thread?.title ?? '')
  useTitle(title === '' ? 'Factotum' : `${title} · Factotum`)
  return null
}

export function NotFoundPage() {
  useTitle(t('app.notFoundFactotum'))
  return (
    <main className="m-auto p-6 text-center">
      <h1 className="font-semibold text-lg">{t('app.thereIsNothingAtThis')}</h1>
      <Link to="/" className="mt-2 inline-block text-accent underline">
        {t('app.beginANewTask')}
      </Link>
    </main>
  )
}
