/** The threads: find one, open one, begin a new one. */
import { Link } from '@tanstack/react-router'
import { Search, SquarePen } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useActiveThreads, useThreads } from '@/runtime/queries'
import { Button } from '@/ui/button'
import { ThreadItem } from './thread-item'

export function Sidebar({ footer, onNavigate }: { footer: React.ReactNode; onNavigate?: () => void }) {
  const [search, setSearch] = useState('')
  const threads = useThreads()
  const active = useActiveThreads()
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = threads
  const wanted = search.trim().toLowerCase()

  // A search looks through all threads, so the rest of the list is read.
  useEffect(() => {
    if (wanted !== '' && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [wanted, hasNextPage, isFetchingNextPage, fetchNextPage])

  const all = threads.data?.pages.flatMap((page) => page.items) ?? []
  const shown = wanted === '' ? all : all.filter((thread) => thread.title.toLowerCase().includes(wanted))

  return (
    <nav aria-label="Threads" className="flex h-full flex-col bg-panel">
      <div className="flex h-12 shrink-0 items-center px-4">
        <Link
          to="/"
          onClick={onNavigate}
          className="flex items-center gap-2 rounded-sm font-semibold text-base tracking-tight"
        >
          <img src="/favicon.svg" alt="" width="20" height="20" /> Factotum
        </Link>
      </div>
      <div className="flex flex-col gap-2 px-3 pb-2">
        <Link
          to="/"
          onClick={onNavigate}
          className="flex h-8 items-center gap-2 rounded-sm border bg-raised px-2.5 font-medium hover:bg-hover"
        >
          <SquarePen size={14} className="text-muted" aria-hidden="true" /> New task
        </Link>
        <label className="flex h-8 items-center gap-2 rounded-sm px-2.5 text-muted focus-within:bg-hover hover:bg-hover">
          <Search size={14} aria-hidden="true" />
          <input
            type="search"
            value={search}
            onChange={(event) => {
              setSearch(event.target.value)
            }}
            placeholder="Search threads"
            aria-label="Search threads"
            className="min-w-0 flex-1 bg-transparent text-fg outline-none placeholder:text-muted"
          />
        </label>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
        {shown.length > 0 && (
          <ul aria-label="Threads">
            {shown.map((thread) => (
              <ThreadItem key={thread.id} thread={thread} status={active.get(thread.id)} onNavigate={onNavigate} />
            ))}
          </ul>
        )}
        {shown.length === 0 && !threads.isPending && (
          <p className="px-2.5 py-2 text-muted">
            {wanted === '' ? 'Your tasks will stand here.' : 'No thread has such a title.'}
          </p>
        )}
        {hasNextPage && wanted === '' && (
          <Button look="ghost" size="small" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Older threads
          </Button>
        )}
      </div>
      <div className="shrink-0 border-t p-2">{footer}</div>
    </nav>
  )
}
