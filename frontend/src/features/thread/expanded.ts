/** Which rows are open. Kept outside of them: a row that is scrolled away and comes back is as it was. */
import { create } from 'zustand'

const useStore = create<{ readonly open: ReadonlySet<string> }>(() => ({ open: new Set() }))

export function useExpanded(id: string): [boolean, (open: boolean) => void] {
  const open = useStore((state) => state.open.has(id))
  return [
    open,
    (wanted) => {
      useStore.setState((state) => {
        const next = new Set(state.open)
        if (wanted) next.add(id)
        else next.delete(id)
        return { open: next }
      })
    },
  ]
}
