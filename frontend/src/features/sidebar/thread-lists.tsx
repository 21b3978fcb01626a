/** The lists of threads: the pinned ones, the others, and those that were put away; or what a search found. */
import { Archive, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { useDeleting } from '@/runtime/deleting'
import { useActiveThreads, useThreads } from '@/runtime/queries'
import type { ThreadList } from '@/runtime/queries'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { t } from '@/words'
import { ThreadItem } from './thread-item'

interface ListProps {
  list: ThreadList
  search?: string
  title: string
  /** What is shown where there is nothing. */
  empty?: ReactNode
  onNavigate?: (() => void) | undefined
}

export function ThreadListSection({ list, search = '', title, empty, onNavigate }: ListProps) {
  const threads = useThreads(list, search)
  const active = useActiveThreads()
  const going = useDeleting((state) => state.ids)
  const shown = (threads.data?.pages ?? []).flatMap((page) => page.items).filter(({ id }) => !going.has(id))
  if (shown.length === 0) return threads.isPending ? null : empty
  return (
    <section className="mb-3">
      {list === 'pinned' && <h2 className="px-2.5 pt-1 pb-1 text-muted text-sm">{title}</h2>}
      <ul aria-label={title}>
        {shown.map((thread) => (
          <ThreadItem key={thread.id} thread={thread} status={active.get(thread.id)} onNavigate={onNavigate} />
        ))}
      </ul>
      {threads.hasNextPage && (
        <Button
          look="ghost"
          size="small"
          disabled={threads.isFetchingNextPage}
          onClick={() => void threads.fetchNextPage()}
        >
          {t('sidebar.olderThreads')}
        </Button>
      )}
    </section>
  )
}

/** Nothing where nothing was put away. */
export function Archived({ onNavigate }: { onNavigate?: (() => void) | undefined }) {
  const [open, setOpen] = useState(false)
  const { data } = useThreads('archived')
  if (data?.pages[0] === undefined || data.pages[0].items.length === 0) return null
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open)
        }}
        className="flex h-8 w-full items-center gap-2 rounded-sm px-2.5 text-muted hover:bg-hover hover:text-fg"
      >
        <Archive size={14} aria-hidden="true" /> {t('sidebar.archived')}
        <ChevronRight
          size={13}
          aria-hidden="true"
          className={cn('ml-auto transition-transform duration-100', open && 'rotate-90')}
        />
      </button>
      {open && <ThreadListSection list="archived" title={t('sidebar.archivedThreads')} onNavigate={onNavigate} />}
    </>
  )
}
