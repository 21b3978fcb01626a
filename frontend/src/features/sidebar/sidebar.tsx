/** The threads: find one, open one, begin a new one. */
import { Link } from '@tanstack/react-router'
import { Search, SquarePen } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useMayWrite } from '@/runtime/rights'
import { EmptyState } from '@/ui/empty-state'
import { Archived, ThreadListSection } from './thread-lists'
import { t } from '@/words'

export function Sidebar({ footer, onNavigate }: { footer: React.ReactNode; onNavigate?: () => void }) {
  const [search, setSearch] = useState('')
  const mayWrite = useMayWrite()
  const wanted = useSettled(search.trim(), 200)

  return (
    <nav aria-label={t('sidebar.threads')} className="flex h-full flex-col bg-panel">
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
        {mayWrite && (
          <Link
            to="/"
            onClick={onNavigate}
            className="flex h-8 items-center gap-2 rounded-sm border bg-raised px-2.5 font-medium hover:bg-hover"
          >
            <SquarePen size={14} className="text-muted" aria-hidden="true" /> {t('sidebar.newTask')}
          </Link>
        )}
        <label className="flex h-8 items-center gap-2 rounded-sm px-2.5 text-muted focus-within:bg-hover hover:bg-hover">
          <Search size={14} aria-hidden="true" />
          <input
            type="search"
            value={search}
            onChange={(event) => {
              setSearch(event.target.value)
            }}
            placeholder={t('sidebar.searchThreads')}
            aria-label={t('sidebar.searchThreads')}
            className="min-w-0 flex-1 bg-transparent text-fg outline-none placeholder:text-muted"
          />
        </label>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
        {wanted === '' ? (
          <>
            <ThreadListSection list="pinned" title={t('sidebar.pinned')} onNavigate={onNavigate} />
            <ThreadListSection
              list="others"
              title={t('sidebar.threads')}
              empty={
                <EmptyState
                  icon={SquarePen}
                  title={t('sidebar.noThreadsYet')}
                  note={t('sidebar.yourTasksWillStandHere')}
                  className="h-auto py-10"
                />
              }
              onNavigate={onNavigate}
            />
            <Archived onNavigate={onNavigate} />
          </>
        ) : (
          <ThreadListSection
            list="all"
            search={wanted}
            title={t('sidebar.threads')}
            empty={
              <EmptyState
                icon={Search}
                title={t('sidebar.noThreadHasSuchA')}
                note={t('sidebar.searchLooksThroughTitles')}
                className="h-auto py-10"
              />
            }
            onNavigate={onNavigate}
          />
        )}
      </div>
      <div className="shrink-0 border-t p-2">{footer}</div>
    </nav>
  )
}

/** A value once it has not changed for `ms` milliseconds. */
function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(value)
    }, ms)
    return () => {
      clearTimeout(timer)
    }
  }, [value, ms])
  return settled
}
