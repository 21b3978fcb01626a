/** One of the person's own threads, played from its beginning. */
import type { ReactNode } from 'react'
import { PlayedThread } from '@/features/replay/played-thread'
import { LookButton } from '@/features/thread/look-button'
import { endReplay, useReplaying } from '@/runtime/replaying'
import { SessionContext } from '@/runtime/use-thread'
import { Button } from '@/ui/button'
import { t } from '@/words'
import { PanelButton, SidePanel } from './side-panel'

export default function ReplayPage({ actions }: { actions: ReactNode }) {
  const player = useReplaying((state) => state.player)
  if (player === null) return null
  return (
    <SessionContext value={player}>
      <PlayedThread
        player={player}
        title={player.store.getState().thread?.title ?? ''}
        note={t('app.replayAsItWasAt')}
        actions={actions}
        trailing={
          <>
            <LookButton />
            <PanelButton />
          </>
        }
        leave={
          <Button onClick={endReplay} className="ml-1">
            {t('app.leave')}
          </Button>
        }
      />
      <SidePanel />
    </SessionContext>
  )
}
