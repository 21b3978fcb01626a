/** One thread of the list: its title, a dot while something goes on in it, and what can be done with it. */
import { Link, useParams } from '@tanstack/react-router'
import { MoreHorizontal, Pencil } from 'lucide-react'
import { useState } from 'react'
import { toast } from 'sonner'
import type { RunStatus, Thread } from '@/protocol/types'
import { explain } from '@/runtime/api'
import { useChangeThread } from '@/runtime/queries'
import { useMayWrite } from '@/runtime/rights'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { Menu, MenuItem } from '@/ui/menu'
import { t } from '@/words'
import { ThreadActions } from './thread-actions'

interface ItemProps {
  thread: Thread
  status: RunStatus | undefined
  onNavigate?: (() => void) | undefined
}

export function ThreadItem({ thread, status, onNavigate }: ItemProps) {
  const { threadId } = useParams({ strict: false })
  const [renaming, setRenaming] = useState(false)
  const rename = useChangeThread()
  const mayWrite = useMayWrite()
  const here = threadId === thread.id
  const title = thread.title === '' ? t('sidebar.untitled') : thread.title

  const saveTitle = (next: string): void => {
    setRenaming(false)
    if (next.trim() !== thread.title) {
      rename.mutate(
        { id: thread.id, change: { title: next.trim() } },
        { onError: (error) => toast.error(explain(error)) },
      )
    }
  }
  return (
    <li className={cn('group/item relative mb-px flex h-8 items-center rounded-sm hover:bg-hover', here && 'bg-hover')}>
      {renaming ? (
        <input
          autoFocus
          defaultValue={thread.title}
          aria-label={t('sidebar.title')}
          onBlur={(event) => {
            saveTitle(event.target.value)
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') saveTitle(event.currentTarget.value)
            if (event.key === 'Escape') setRenaming(false)
          }}
          className="h-full min-w-0 flex-1 rounded-sm border border-accent bg-raised px-2 outline-none"
        />
      ) : (
        <>
          <Link
            to="/t/$threadId"
            params={{ threadId: thread.id }}
            onClick={onNavigate}
            aria-current={here ? 'page' : undefined}
            className="flex h-full min-w-0 flex-1 items-center gap-2 rounded-sm pr-2.5 pl-2.5 group-focus-within/item:pr-8 group-hover/item:pr-8 group-has-[[data-state=open]]/item:pr-8 pointer-coarse:pr-8"
          >
            <span className={cn('truncate', here ? 'text-fg' : 'text-fg/85')}>{title}</span>
            {status !== undefined && <Dot status={status} />}
          </Link>
          {mayWrite && (
            <div className="absolute right-0.5 opacity-0 focus-within:opacity-100 group-hover/item:opacity-100 has-[[data-state=open]]:opacity-100 pointer-coarse:opacity-100">
              <Menu
                align="end"
                trigger={
                  <Button look="ghost" size="icon-small" aria-label={t('sidebar.moreForTitle', { title })}>
                    <MoreHorizontal size={15} />
                  </Button>
                }
              >
                <MenuItem
                  onSelect={() => {
                    // The menu gives the focus back when it closes: what comes next must come after that.
                    setTimeout(() => {
                      setRenaming(true)
                    })
                  }}
                >
                  <Pencil size={14} /> {t('sidebar.rename')}
                </MenuItem>
                <ThreadActions thread={thread} />
              </Menu>
            </div>
          )}
        </>
      )}
    </li>
  )
}

function Dot({ status }: { status: RunStatus }) {
  const waits = status === 'awaiting_input'
  return (
    <span
      role="img"
      aria-label={waits ? t('sidebar.needsYou') : t('sidebar.running')}
      className={cn('ml-auto size-2 shrink-0 rounded-full', waits ? 'bg-warn' : 'pulse-dot bg-accent')}
    />
  )
}
