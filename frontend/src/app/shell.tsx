/** The frame of every page: threads on the left, the page, commands and shortcuts over all. */
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { Suspense, lazy, useMemo, useState } from 'react'
import { Sidebar } from '@/features/sidebar/sidebar'
import { useSession } from '@/runtime/auth'
import { usePanel } from '@/runtime/panel'
import { useMe } from '@/runtime/queries'
import { SignIn } from '@/features/sign-in/sign-in'
import { Dialog } from '@/ui/dialog'
import { useMedia } from '@/ui/media'
import { Notices } from './notices'
import { useShortcuts } from './shortcuts'
import type { Shortcut } from './shortcuts'
import { useSidebar } from './sidebar-state'
import { SidebarFooter } from './sidebar-footer'
import { t, withWords } from '@/words'

const loadCommands = () => withWords(import('./commands'))
const loadShortcuts = () => import('./shortcuts-sheet')
const Commands = lazy(loadCommands)
const ShortcutsSheet = lazy(loadShortcuts)

/** Fetches what lies over the page before somebody asks for it. */
export function preloadOverlays(): void {
  void loadCommands()
  void loadShortcuts()
}

export function Shell() {
  const signedIn = useSession((state) => state.token !== null)
  const { pathname } = useLocation()
  // Whoever has a link reads what is shared, or joins, as a stranger would, signed in or not.
  if (pathname === '/s' || pathname === '/join') return <Outlet />
  return signedIn ? <Frame /> : <SignIn />
}

function Frame() {
  const navigate = useNavigate()
  // What one may do here: much of the page asks for it (runtime/rights).
  useMe()
  const wide = useMedia('(min-width: 860px)')
  const { open, sheet, toggle, setSheet } = useSidebar()
  const [over, setOver] = useState<'palette' | 'shortcuts' | null>(null)
  const togglePanel = usePanel((state) => state.toggle)

  const shortcuts = useMemo<Shortcut[]>(
    () => [
      {
        keys: 'mod+k',
        title: t('app.commands'),
        run: () => {
          setOver('palette')
        },
      },
      { keys: 'mod+shift+o', title: t('app.newTask'), run: () => void navigate({ to: '/' }) },
      {
        keys: 'mod+b',
        title: t('app.showOrHideTheThreads'),
        run: () => {
          toggle(window.innerWidth >= 860)
        },
      },
      { keys: 'mod+j', title: t('app.showOrHideTheAgents'), run: togglePanel },
      { keys: '/', title: t('app.write'), run: () => document.querySelector<HTMLElement>('[data-composer]')?.focus() },
      {
        keys: '?',
        title: t('app.shortcuts'),
        run: () => {
          setOver('shortcuts')
        },
      },
    ],
    [navigate, toggle, togglePanel],
  )
  useShortcuts(shortcuts)

  const footer = (
    <SidebarFooter
      onNavigate={() => {
        setSheet(false)
      }}
      onCommands={() => {
        setOver('palette')
      }}
    />
  )

  return (
    <div className="flex h-full">
      <Notices />
      <a
        href="#page"
        className="sr-only z-50 rounded-sm bg-raised p-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        {t('app.toThePage')}
      </a>
      {wide && open && (
        <div className="w-[256px] shrink-0 border-r">
          <Sidebar footer={footer} />
        </div>
      )}
      {!wide && (
        <Dialog open={sheet} onOpenChange={setSheet} title={t('app.threads')} titleHidden side="left">
          <Sidebar
            footer={footer}
            onNavigate={() => {
              setSheet(false)
            }}
          />
        </Dialog>
      )}
      <div id="page" tabIndex={-1} className="flex min-w-0 flex-1 outline-none">
        <Outlet />
      </div>
      <Suspense>
        {over === 'palette' && <Commands onShortcuts={() => setOver('shortcuts')} onClose={() => setOver(null)} />}
        {over === 'shortcuts' && <ShortcutsSheet shortcuts={shortcuts} onClose={() => setOver(null)} />}
      </Suspense>
    </div>
  )
}
