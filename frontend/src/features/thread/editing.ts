/** What is being written anew, by row. Kept outside of rows: one that is scrolled away and comes back is as it was. */
import { create } from 'zustand'

const useTexts = create<{ readonly texts: ReadonlyMap<string, string> }>(() => ({ texts: new Map() }))

/** The text of a row that is being edited, null while it is not; and how to change that. */
export function useEditing(id: string): [string | null, (text: string | null) => void] {
  const text = useTexts((state) => state.texts.get(id) ?? null)
  return [
    text,
    (wanted) => {
      useTexts.setState((state) => {
        const texts = new Map(state.texts)
        if (wanted === null) texts.delete(id)
        else texts.set(id, wanted)
        return { texts }
      })
    },
  ]
}
