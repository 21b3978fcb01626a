/** A thread one only looks at: its head, its log at a moment, and the bar that plays it. */
import type { ReactNode } from 'react'
import { RowList } from '@/features/thread/row-list'
import type { Player } from '@/runtime/player'
import { t } from '@/words'
import { PlayerBar } from './player-bar'

interface PlayedProps {
  player: Player
  title: string
  /** What this is, below its title. */
  note: ReactNode
  actions: ReactNode
  trailing: ReactNode
  /** At the end of the bar. */
  leave?: ReactNode
}

export function PlayedThread({ player, title, note, actions, trailing, leave }: PlayedProps) {
  return (
    <main className="flex h-full min-w-0 flex-1 flex-col">
      <header className="flex h-12 shrink-0 items-center gap-2 border-b px-3">
        {actions}
        <div className="min-w-0 flex-1">
          <h1 className="truncate font-medium leading-tight">{title === '' ? t('replay.untitled') : title}</h1>
          <p className="truncate text-muted text-xs">{note}</p>
        </div>
        {trailing}
      </header>
      <RowList />
      <div className="mx-auto w-full max-w-[760px] shrink-0 px-5 pb-[max(16px,env(safe-area-inset-bottom))]">
        <PlayerBar player={player} trailing={leave} />
      </div>
    </main>
  )
}
