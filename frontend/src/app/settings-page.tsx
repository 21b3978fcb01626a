/** The settings, by their address; loaded when somebody opens them. */
import { useParams } from '@tanstack/react-router'
import { SECTIONS } from '@/features/settings/sections'
import { Settings } from '@/features/settings/settings'
import { t } from '@/words'
import { SidebarButton } from './sidebar-button'
import { useTitle } from './title'

export default function SettingsPage() {
  const { _splat: path } = useParams({ from: '/settings/$' })
  const shown = path === undefined || path === '' ? 'general' : path
  const section = SECTIONS.find(({ id }) => id === shown.split('/')[0])
  useTitle(`${section?.title ?? t('app.settings')} · Factotum`)
  return <Settings path={shown} actions={<SidebarButton />} />
}
