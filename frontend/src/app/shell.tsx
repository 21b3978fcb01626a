/** The frame of every page: threads on the left, the page, commands and shortcuts over all. */
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { Keyboard, LogOut, Monitor, Moon, PanelRight, Settings, SquarePen, Sun } from 'lucide-react'
import { Suspense, lazy, useMemo, useState } from 'react'
import type { Action } from '@/features/palette/palette'
import { SECTIONS } from '@/features/settings/sections'
import { Sidebar } from '@/features/sidebar/sidebar'
import { signOut, useSession } from '@/runtime/auth'
import { usePanel } from '@/runtime/panel'
import { SignIn } from '@/features/sign-in/sign-in'
import { Dialog } from '@/ui/dialog'
import { Keys } from '@/ui/keys'
import { useMedia } from '@/ui/media'
import { Notices } from './notices'
import { useShortcuts } from './shortcuts'
import type { Shortcut } from './shortcuts'
import { useSidebar } from './sidebar-state'
import { SidebarFooter } from './sidebar-footer'
import { setTheme } from '@/runtime/theme'
import { t } from '@/words'

const Palette = lazy(() => import('@/features/palette/palette'))

export function Shell() {
  const signedIn = useSession((state) => state.token !== null)
  const { pathname } = useLocation()
  // Whoever has a link reads what is shared, or joins, as a stranger would, signed in or not.
  if (pathname === '/s' || pathname === '/join') return <Outlet />
  return signedIn ? <Frame /> : <SignIn />
}

function Frame() {
  const navigate = useNavigate()
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

  const actions: Action[] = [
    {
      title: t('app.newTask'),
      icon: <SquarePen size={15} />,
      keys: 'mod+shift+o',
      run: () => void navigate({ to: '/' }),
    },
    { title: t('app.showOrHideTheAgents'), icon: <PanelRight size={15} />, keys: 'mod+j', run: togglePanel },
    ...SECTIONS.map(({ id, title }) => ({
      title: t('app.settingsTitle', { title }),
      icon: <Settings size={15} />,
      run: () => void navigate({ to: '/settings/$', params: { _splat: id } }),
    })),
    {
      title: t('app.lightTheme'),
      icon: <Sun size={15} />,
      run: () => {
        setTheme('light')
      },
    },
    {
      title: t('app.darkTheme'),
      icon: <Moon size={15} />,
      run: () => {
        setTheme('dark')
      },
    },
    {
      title: t('app.themeOfTheSystem'),
      icon: <Monitor size={15} />,
      run: () => {
        setTheme('system')
      },
    },
    {
      title: t('app.shortcuts'),
      icon: <Keyboard size={15} />,
      keys: '?',
      run: () => {
        setOver('shortcuts')
      },
    },
    {
      title: t('app.signOut'),
      icon: <LogOut size={15} />,
      run: () => {
        signOut()
      },
    },
  ]
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
      {over === 'palette' && (
        <Suspense>
          <Palette
            actions={actions}
            onOpenThread={(threadId) => void navigate({ to: '/t/$threadId', params: { threadId } })}
            onClose={() => {
              setOver(null)
            }}
          />
        </Suspense>
      )}
      <Dialog
        open={over === 'shortcuts'}
        onOpenChange={() => {
          setOver(null)
        }}
        title={t('app.shortcuts')}
      >
        <dl className="grid grid-cols-[1fr_auto] items-center gap-y-2.5 overflow-y-auto p-4">
          {[
            ...shortcuts,
            { keys: 'enter', title: t('app.send') },
            { keys: 'shift+enter', title: t('app.newLine') },
          ].map(({ keys, title }) => (
            <div key={keys} className="contents">
              <dt>{title}</dt>
              <dd>
                <Keys keys={keys} />
                <span className="sr-only">{keys}</span>
              </dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </div>
  )
}
