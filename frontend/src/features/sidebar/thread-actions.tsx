/** What can be done with a thread as a whole, wherever it is named. */
import { useNavigate, useParams } from '@tanstack/react-router'
import { Archive, ArchiveRestore, Pin, PinOff, Trash2 } from 'lucide-react'
import { toast } from 'sonner'
import type { Thread, ThreadChange } from '@/protocol/types'
import { explain } from '@/runtime/api'
import { GRACE_MS, deleteSoon, keep } from '@/runtime/deleting'
import { useActiveThreads, useChangeThread } from '@/runtime/queries'
import { MenuItem } from '@/ui/menu'
import { t } from '@/words'

export function ThreadActions({ thread }: { thread: Thread }) {
  const { threadId } = useParams({ strict: false })
  const navigate = useNavigate()
  const active = useActiveThreads()
  const { mutate } = useChangeThread()
  const title = thread.title === '' ? t('sidebar.untitled') : thread.title
  const pinned = thread.pinned_at != null
  const archived = thread.archived_at != null

  const change = (changes: ThreadChange): void => {
    mutate({ id: thread.id, change: changes }, { onError: (error) => toast.error(explain(error)) })
  }
  const archive = (): void => {
    change({ archived: !archived })
    if (archived) return
    toast(t('sidebar.titleWasArchived', { title }), {
      action: {
        label: t('sidebar.undo'),
        onClick: () => {
          change({ archived: false })
        },
      },
    })
  }
  const remove = (): void => {
    if (active.has(thread.id)) {
      toast.error(t('sidebar.aTaskOfThisThread'))
      return
    }
    deleteSoon(thread, (error) => toast.error(explain(error)))
    if (threadId === thread.id) void navigate({ to: '/' })
    toast(t('sidebar.titleWasDeletedTheFiles', { title }), {
      duration: GRACE_MS,
      action: {
        label: t('sidebar.undo'),
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
        {pinned ? <PinOff size={14} /> : <Pin size={14} />} {pinned ? t('sidebar.unpin') : t('sidebar.pin')}
      </MenuItem>
      <MenuItem onSelect={archive}>
        {archived ? <ArchiveRestore size={14} /> : <Archive size={14} />}{' '}
        {archived ? t('sidebar.restore') : t('sidebar.archive')}
      </MenuItem>
      <MenuItem danger onSelect={remove}>
        <Trash2 size={14} /> {t('sidebar.delete')}
      </MenuItem>
    </>
  )
}
