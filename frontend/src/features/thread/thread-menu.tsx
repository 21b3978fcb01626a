/** What can be done with the open thread: keep it elsewhere, pin it, put it away. */
import { Braces, FileDown, MoreHorizontal } from 'lucide-react'
import { toast } from 'sonner'
import type { Thread } from '@/protocol/types'
import { ThreadActions } from '@/features/sidebar/thread-actions'
import { explain } from '@/runtime/api'
import { exported } from '@/runtime/export'
import { Button } from '@/ui/button'
import { save } from '@/ui/clipboard'
import { Menu, MenuItem } from '@/ui/menu'

export function ThreadMenu({ thread }: { thread: Thread }) {
  const download = async (form: 'markdown' | 'json'): Promise<void> => {
    try {
      const { name, text } = await exported(thread, form)
      save(text, name)
    } catch (error) {
      toast.error(explain(error))
    }
  }
  return (
    <Menu
      align="end"
      className="w-52"
      trigger={
        <Button look="ghost" size="icon" aria-label="More for this thread">
          <MoreHorizontal size={16} />
        </Button>
      }
    >
      <MenuItem onSelect={() => void download('markdown')}>
        <FileDown size={14} /> Export as markdown
      </MenuItem>
      <MenuItem onSelect={() => void download('json')}>
        <Braces size={14} /> Export as JSON
      </MenuItem>
      <div className="my-1 border-t" role="separator" />
      <ThreadActions thread={thread} />
    </Menu>
  )
}
