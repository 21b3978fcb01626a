/** Whether the side panel is open, on which tab, and which file it shows. */
import { create } from 'zustand'

export type PanelTab = 'progress' | 'terminal' | 'browser' | 'files' | 'changes'

interface PanelState {
  readonly open: boolean
  readonly tab: PanelTab
  readonly file: string | null
  show: (tab: PanelTab, file?: string | null) => void
  toggle: () => void
  close: () => void
}

const KEY = 'factotum.panel'

export const usePanel = create<PanelState>((set) => ({
  open: localStorage.getItem(KEY) === 'open' && window.innerWidth >= 1024,
  tab: 'progress',
  file: null,
  show: (tab, file) => {
    remember(true)
    set({ open: true, tab, ...(file === undefined ? {} : { file }) })
  },
  toggle: () => {
    set((state) => {
      remember(!state.open)
      return { open: !state.open }
    })
  },
  close: () => {
    remember(false)
    set({ open: false })
  },
}))

function remember(open: boolean): void {
  localStorage.setItem(KEY, open ? 'open' : 'closed')
}
