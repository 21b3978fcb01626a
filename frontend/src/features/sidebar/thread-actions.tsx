/** What can be done with a thread as a whole, wherever it is named. */
import { useNavigate, useParams } from '@tanstack/react-router'
import { Archive, ArchiveRestore, Pin, PinOff, Trash2 } from 'lucide-react'
import { toast } from 'sonner'
import type { Thread, ThreadChange } from '@/protocol/types'
import { explain } from '@/runtime/api'
import { GRACE_MS, deleteSoon, keep } from '@/runtime/deleting'
import { useActiveThreads, useChangeThread } from '@/runtime/queries'
import { MenuItem } from '@/ui/menu'

export function ThreadActions({ thread }: { thread: Thread }) {
  const { threadId } = useParams({ strict: false })
  const navigate = useNavigate()
  const active = useActiveThreads()
  const { mutate } = useChangeThread()
  const title = thread.title === '' ? 'Untitled' : thread.title
  const pinned = thread.pinned_at != null
  const archived = thread.archived_at != null

  const change = (changes: ThreadChange): void => {
    mutate({ id: thread.id, change: changes }, { onError: (error) => toast.error(explain(error)) })
  }
  const archive = (): void => {
    change({ archived: !archived })
    if (archived) return
    toast(`“${title}” was archived.`, {
      action: {
        label: 'Undo',
        onClick: () => {
          change({ archived: false })
        },
      },
    })
  }
  const remove = (): void => {
    if (active.has(thread.id)) {
      toast.error('A task of this thread goes on. Stop it first.')
      return
    }
    deleteSoon(thread, (error) => toast.error(explain(error)))
    if (threadId === thread.id) void navigate({ to: '/' })
    toast(`“${title}” was deleted. The files in its workspace stay.`, {
      duration: GRACE_MS,
      action: {
        label: 'Undo',
        onClick: () => {
          keep(thread.id)
        },
      },
    })
  }
  return (
    <>
      <MenuItem
        onSelect={() => {
          change({ pinned: !pinned })
        }}
      >
        {pinned ? <PinOff size={14} /> : <Pin size={14} />} {pinned ? 'Unpin' : 'Pin'}
      </MenuItem>
      <MenuItem onSelect={archive}>
        {archived ? <ArchiveRestore size={14} /> : <Archive size={14} />} {archived ? 'Restore' : 'Archive'}
      </MenuItem>
      <MenuItem danger onSelect={remove}>
        <Trash2 size={14} /> Delete
      </MenuItem>
    </>
  )
}
