/** What can be done with the open thread: keep it elsewhere, pin it, put it away. */
import { Braces, CirclePlay, FileDown, MoreHorizontal, Share2 } from 'lucide-react'
import { Suspense, lazy, useState } from 'react'
import { toast } from 'sonner'
import type { Thread } from '@/protocol/types'
import { ThreadActions } from '@/features/sidebar/thread-actions'
import { explain } from '@/runtime/api'
import { exported } from '@/runtime/export'
import { useMayWrite } from '@/runtime/rights'
import { Button } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { useIsBusy, useThreadState } from '@/runtime/use-thread'
import { Menu, MenuItem } from '@/ui/menu'
import { t, withWords } from '@/words'

const ShareDialog = lazy(() => withWords(import('@/features/sharing/share-dialog')))

export function ThreadMenu({ thread }: { thread: Thread }) {
  const [sharing, setSharing] = useState(false)
  const busy = useIsBusy()
  const mayWrite = useMayWrite()
  const calls = useThreadState((state) => state.content.calls)
  const empty = useThreadState((state) => state.content.entries.size === 0)
  const replay = async (): Promise<void> => {
    try {
      const { replayThread } = await import('@/runtime/replay-thread')
      await replayThread(thread, calls.values())
    } catch (error) {
      toast.error(explain(error))
    }
  }
  const download = async (form: 'markdown' | 'json'): Promise<void> => {
    try {
      const { name, text } = await exported(thread, form)
      save(text, name)
    } catch (error) {
      toast.error(explain(error))
    }
  }
  return (
    <>
      <Menu
        align="end"
        className="w-52"
        trigger={
          <Button look="ghost" size="icon" aria-label={t('thread.moreForThisThread')}>
            <MoreHorizontal size={16} />
          </Button>
        }
      >
        {mayWrite && (
          <MenuItem
            onSelect={() => {
              // The menu gives the focus back when it closes: what comes next must come after that.
              setTimeout(() => {
                setSharing(true)
              })
            }}
          >
            <Share2 size={14} /> {t('thread.share')}
          </MenuItem>
        )}
        {!busy && !empty && (
          <MenuItem onSelect={() => void replay()}>
            <CirclePlay size={14} /> {t('thread.replay')}
          </MenuItem>
        )}
        {(mayWrite || (!busy && !empty)) && <div className="my-1 border-t" role="separator" />}
        <MenuItem onSelect={() => void download('markdown')}>
          <FileDown size={14} /> {t('thread.exportAsMarkdown')}
        </MenuItem>
        <MenuItem onSelect={() => void download('json')}>
          <Braces size={14} /> {t('thread.exportAsJson')}
        </MenuItem>
        {mayWrite && (
          <>
            <div className="my-1 border-t" role="separator" />
            <ThreadActions thread={thread} />
          </>
        )}
      </Menu>
      {sharing && (
        <Suspense>
          <ShareDialog
            threadId={thread.id}
            onClose={() => {
              setSharing(false)
            }}
          />
        </Suspense>
      )}
    </>
  )
}
