/** Who is signed in, the theme, and where commands are. */
import { useNavigate } from '@tanstack/react-router'
import { Bell, CircleUser, Command as CommandIcon, LogOut, Monitor, Moon, Settings, Sun } from 'lucide-react'
import { signOut } from '@/runtime/auth'
import { actFor } from '@/runtime/members'
import { canNotify, setNotices, useNotices } from '@/runtime/notices'
import { useMe } from '@/runtime/queries'
import { Button, IconButton } from '@/ui/button'
import { Menu, MenuChoice, MenuItem, MenuLabel } from '@/ui/menu'
import { setTheme, useTheme } from '@/runtime/theme'
import type { Theme } from '@/runtime/theme'
import { t } from '@/words'

const THEMES: readonly { id: Theme; title: string; icon: typeof Sun }[] = [
  {
    id: 'system',
    get title() {
      return t('app.asTheSystem')
    },
    icon: Monitor,
  },
  {
    id: 'light',
    get title() {
      return t('app.light')
    },
    icon: Sun,
  },
  {
    id: 'dark',
    get title() {
      return t('app.dark')
    },
    icon: Moon,
  },
]

interface SidebarFooterProps {
  onCommands: () => void
  onNavigate?: (() => void) | undefined
}

export function SidebarFooter({ onCommands, onNavigate }: SidebarFooterProps) {
  const navigate = useNavigate()
  const { data: me } = useMe()
  const theme = useTheme((state) => state.theme)
  const { on, refused } = useNotices()
  return (
    <div className="flex items-center gap-1">
      <Menu
        className="w-72"
        trigger={
          <Button look="ghost" className="min-w-0 flex-1 justify-start px-2">
            <CircleUser size={16} aria-hidden="true" />
            <span className="truncate">{me?.name ?? me?.account.name ?? t('app.account')}</span>
          </Button>
        }
      >
        {me !== undefined && me.accounts.length > 1 && (
          <>
            <MenuLabel>{t('app.accountYouActFor')}</MenuLabel>
            {me.accounts.map(({ id, name }) => (
              <MenuChoice
                key={id}
                chosen={id === me.account.id}
                onSelect={() => {
                  if (id !== me.account.id) actFor(id)
                }}
              >
                <span className="block truncate">{name}</span>
              </MenuChoice>
            ))}
          </>
        )}
        <MenuLabel>{t('app.theme')}</MenuLabel>
        {THEMES.map(({ id, title, icon: Icon }) => (
          <MenuChoice
            key={id}
            chosen={theme === id}
            onSelect={() => {
              setTheme(id)
            }}
          >
            <span className="flex items-center gap-2">
              <Icon size={14} aria-hidden="true" /> {title}
            </span>
          </MenuChoice>
        ))}
        {canNotify && (
          <>
            <MenuLabel>{t('app.notifications')}</MenuLabel>
            <MenuChoice chosen={on} onSelect={() => void setNotices(!on)}>
              <span className="flex items-center gap-2">
                <Bell size={14} aria-hidden="true" /> {t('app.whenATaskIsDone')}
              </span>
              {refused && (
                <span className="mt-0.5 block pl-[22px] text-muted text-sm">{t('app.refusedInThisBrowserAllow')}</span>
              )}
            </MenuChoice>
          </>
        )}
        <div className="my-1 border-t" role="separator" />
        <MenuItem
          onSelect={() => {
            signOut()
          }}
        >
          <LogOut size={14} aria-hidden="true" /> {t('app.signOut')}
        </MenuItem>
        {me !== undefined && <MenuLabel>Factotum {me.version}</MenuLabel>}
      </Menu>
      <IconButton
        label={t('app.settings')}
        onClick={() => {
          onNavigate?.()
          void navigate({ to: '/settings/$', params: { _splat: 'general' } })
        }}
      >
        <Settings size={15} />
      </IconButton>
      <IconButton label={t('app.commands')} keys="mod+k" onClick={onCommands}>
        <CommandIcon size={15} />
      </IconButton>
    </div>
  )
}
