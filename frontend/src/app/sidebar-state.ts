/** Whether the list of threads is shown: beside the page, or over it on a narrow screen. */
import { create } from 'zustand'

interface SidebarState {
  readonly open: boolean
  readonly sheet: boolean
  toggle: (wide: boolean) => void
  setSheet: (open: boolean) => void
}

const KEY = 'factotum.sidebar'

export const useSidebar = create<SidebarState>((set) => ({
  open: localStorage.getItem(KEY) !== 'closed',
  sheet: false,
  toggle: (wide) => {
    set((state) => {
      if (!wide) return { sheet: !state.sheet }
      localStorage.setItem(KEY, state.open ? 'closed' : 'open')
      return { open: !state.open }
    })
  },
  setSheet: (sheet) => {
    set({ sheet })
  },
}))
