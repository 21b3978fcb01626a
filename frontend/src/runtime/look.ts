/** How much of the agent's work the thread shows: all of it, or plain words. */
import { create } from 'zustand'

const KEY = 'factotum.look'

interface LookState {
  readonly easy: boolean
  toggle: () => void
}

export const useLook = create<LookState>((set) => ({
  easy: localStorage.getItem(KEY) === 'easy',
  toggle: () => {
    set(({ easy }) => {
      localStorage.setItem(KEY, easy ? 'detailed' : 'easy')
      return { easy: !easy }
    })
  },
}))
