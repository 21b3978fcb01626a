/** Shows or hides the threads: at the left of every page's header. */
import { PanelLeft } from 'lucide-react'
import { IconButton } from '@/ui/button'
import { useMedia } from '@/ui/media'
import { t } from '@/words'
import { useSidebar } from './sidebar-state'

export function SidebarButton() {
  const wide = useMedia('(min-width: 860px)')
  const toggle = useSidebar((state) => state.toggle)
  return (
    <IconButton
      label={t('app.threads')}
      keys="mod+b"
      onClick={() => {
        toggle(wide)
      }}
    >
      <PanelLeft size={16} />
    </IconButton>
  )
}
