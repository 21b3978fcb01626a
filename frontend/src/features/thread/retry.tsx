/** Having a task done again, with the same model or with another one. */
import { RotateCcw } from 'lucide-react'
import { toast } from 'sonner'
import { explain } from '@/runtime/api'
import { useModels } from '@/runtime/queries'
import { retryRun } from '@/runtime/send'
import { useThreadSession } from '@/runtime/use-thread'
import { Button } from '@/ui/button'
import { Menu, MenuItem, MenuLabel } from '@/ui/menu'
import { t } from '@/words'

export function Retry({ runId, model }: { runId: string; model: string }) {
  const session = useThreadSession()
  const { data } = useModels()
  const retry = async (other: string | null): Promise<void> => {
    try {
      await session.noticeRun(await retryRun(runId, other))
    } catch (error) {
      toast.error(explain(error))
    }
  }
  const others = (data?.items ?? []).filter(({ id, usable }) => usable && id !== model)
  return (
    <Menu
      className="w-72"
      trigger={
        <Button look="ghost" size="small">
          <RotateCcw size={13} aria-hidden="true" /> {t('thread.tryAgain')}
        </Button>
      }
    >
      <MenuItem onSelect={() => void retry(null)}>
        <RotateCcw size={14} aria-hidden="true" />
        <span className="min-w-0 truncate">
          {t('thread.withModel', { model: model === '' ? t('thread.theSameModel') : model })}
        </span>
      </MenuItem>
      {others.length > 0 && <MenuLabel>{t('thread.withAnotherModel')}</MenuLabel>}
      {others.map(({ id }) => (
        <MenuItem key={id} onSelect={() => void retry(id)}>
          <span className="truncate">{id}</span>
        </MenuItem>
      ))}
    </Menu>
  )
}
