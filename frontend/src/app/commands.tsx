/** What the palette offers besides threads and models. */
import { useNavigate } from '@tanstack/react-router'
import { Keyboard, LogOut, Monitor, Moon, PanelRight, Settings, SquarePen, Sun } from 'lucide-react'
import Palette from '@/features/palette/palette'
import type { Action } from '@/features/palette/palette'
import { SECTIONS } from '@/features/settings/sections'
import { signOut } from '@/runtime/auth'
import { usePanel } from '@/runtime/panel'
import { setTheme } from '@/runtime/theme'
import { t } from '@/words'

interface CommandsProps {
  onShortcuts: () => void
  onClose: () => void
}

export default function Commands({ onShortcuts, onClose }: CommandsProps) {
  const navigate = useNavigate()
  const togglePanel = usePanel((state) => state.toggle)
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
        onShortcuts()
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
  return (
    <Palette
      actions={actions}
      onOpenThread={(threadId) => void navigate({ to: '/t/$threadId', params: { threadId } })}
      onClose={onClose}
    />
  )
}
