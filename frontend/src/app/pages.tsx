/** The pages: the first minute, a thread, and what is said where there is none. */
import { Link, useParams } from '@tanstack/react-router'
import { PanelLeft, PanelRight } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import { ComputerPanel } from '@/features/computer/panel'
import { Start } from '@/features/start/start'
import { ThreadView } from '@/features/thread/thread-view'
import { usePanel } from '@/runtime/panel'
import { ThreadSession } from '@/runtime/thread-session'
import { SessionContext, useThreadState } from '@/runtime/use-thread'
import { IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { useMedia } from '@/ui/media'
import { useSidebar } from './sidebar-state'

function SidebarButton() {
  const wide = useMedia('(min-width: 860px)')
  const toggle = useSidebar((state) => state.toggle)
  return (
    <IconButton
      label="Threads"
      keys="mod+b"
      onClick={() => {
        toggle(wide)
      }}
    >
      <PanelLeft size={16} />
    </IconButton>
  )
}

export function StartPage() {
  useTitle('Factotum')
  return <Start actions={<SidebarButton />} />
}

export function ThreadPage() {
  const { threadId } = useParams({ from: '/t/$threadId' })
  const session = useMemo(() => new ThreadSession(threadId), [threadId])
  useEffect(() => {
    void session.open()
    return () => {
      session.close()
    }
  }, [session])
  return (
    <SessionContext value={session}>
      <ThreadTitle />
      <ThreadView actions={<SidebarButton />} trailing={<PanelButton />} />
      <Panel />
    </SessionContext>
  )
}

function ThreadTitle() {
  const title = useThreadState((state) => state.thread?.title ?? '')
  useTitle(title === '' ? 'Factotum' : `${title} · Factotum`)
  return null
}

function PanelButton() {
  const { open, toggle } = usePanel()
  return (
    <IconButton label="The agent's computer" keys="mod+j" aria-pressed={open} onClick={toggle}>
      <PanelRight size={16} />
    </IconButton>
  )
}

function Panel() {
  const beside = useMedia('(min-width: 1024px)')
  const narrow = useMedia('(max-width: 640px)')
  const { open, close } = usePanel()
  if (beside) {
    return open ? (
      <aside aria-label="The agent's computer" className="w-[clamp(340px,36vw,640px)] shrink-0 border-l">
        <ComputerPanel />
      </aside>
    ) : null
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(wanted) => {
        if (!wanted) close()
      }}
      title="The agent's computer"
      titleHidden
      side={narrow ? 'bottom' : 'right'}
    >
      <ComputerPanel />
    </Dialog>
  )
}

export function NotFoundPage() {
  useTitle('Not found · Factotum')
  return (
    <main className="m-auto p-6 text-center">
      <h1 className="font-semibold text-lg">There is nothing at this address</h1>
      <Link to="/" className="mt-2 inline-block text-accent underline">
        Begin a new task
      </Link>
    </main>
  )
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = title
  }, [title])
}
