/** The agent's computer, beside the thread or over it, and the button that shows it. */
import { PanelRight } from 'lucide-react'
import { Suspense, lazy } from 'react'
import { useDriving } from '@/runtime/driving'
import { usePanel } from '@/runtime/panel'
import { IconButton } from '@/ui/button'
import { cn } from '@/ui/cn'
import { Dialog } from '@/ui/dialog'
import { useMedia } from '@/ui/media'
import { t, withWords } from '@/words'

const load = () => withWords(import('@/features/computer/panel'))
const ComputerPanel = lazy(load)

/** Fetches the panel before somebody opens it. */
export function preloadPanel(): void {
  void load()
}

export function PanelButton() {
  const { open, toggle } = usePanel()
  return (
    <IconButton label={t('app.theAgentsComputer')} keys="mod+j" aria-pressed={open} onClick={toggle}>
      <PanelRight size={16} />
    </IconButton>
  )
}

export function SidePanel() {
  const beside = useMedia('(min-width: 1024px)')
  const narrow = useMedia('(max-width: 640px)')
  const { open, close } = usePanel()
  // Who has the browser wants to read what it shows.
  const driving = useDriving((state) => state.runId !== null)
  if (beside) {
    return open ? (
      <aside
        aria-label={t('app.theAgentsComputer')}
        className={cn('shrink-0 border-l', driving ? 'w-[clamp(340px,48vw,1100px)]' : 'w-[clamp(340px,36vw,640px)]')}
      >
        <Panel />
      </aside>
    ) : null
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(wanted) => {
        if (!wanted) close()
      }}
      title={t('app.theAgentsComputer')}
      titleHidden
      side={narrow ? 'bottom' : 'right'}
    >
      <Panel />
    </Dialog>
  )
}

function Panel() {
  return (
    <Suspense
      fallback={
        <div aria-busy="true" className="h-full bg-panel">
          <div className="h-12 border-b" />
        </div>
      }
    >
      <ComputerPanel />
    </Suspense>
  )
}
