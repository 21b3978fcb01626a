/** Which of the person's own threads is being played, if any. */
import { create } from 'zustand'
import type { Player } from './player'

export const useReplaying = create<{ readonly player: Player | null }>(() => ({ player: null }))

export function endReplay(): void {
  useReplaying.getState().player?.pause()
  useReplaying.setState({ player: null })
}
