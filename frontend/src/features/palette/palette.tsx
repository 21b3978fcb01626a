/** Everything by name: actions, threads, models. */
import { Command } from 'cmdk'
import { Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { chooseModel } from '@/features/composer/choices'
import { useModels, useThreads } from '@/runtime/queries'
import { Dialog } from '@/ui/dialog'
import { EmptyState } from '@/ui/empty-state'
import { Keys } from '@/ui/keys'
import { t } from '@/words'

export interface Action {
  readonly title: string
  readonly icon: ReactNode
  readonly keys?: string
  readonly run: () => void
}

interface PaletteProps {
  actions: readonly Action[]
  onOpenThread: (threadId: string) => void
  onClose: () => void
}

const ITEM = 'flex h-9 items-center gap-2.5 rounded-sm px-2.5 data-[selected=true]:bg-hover [&_svg]:text-muted'
const GROUP =
  '[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-muted [&_[cmdk-group-heading]]:text-xs'

export default function Palette({ actions, onOpenThread, onClose }: PaletteProps) {
  const pinned = useThreads('pinned')
  const others = useThreads('others')
  const models = useModels()
  const choose = (run: () => void) => () => {
    onClose()
    run()
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={t('palette.commands')}
      titleHidden
    >
      <Command label={t('palette.commands')} className="flex min-h-0 flex-col">
        <Command.Input
          placeholder={t('palette.searchCommandsThreadsModels')}
          className="h-12 w-full shrink-0 border-b bg-transparent px-4 text-base outline-none placeholder:text-muted"
        />
        <Command.List className="overflow-y-auto p-1.5" tabIndex={-1}>
          <Command.Empty>
            <EmptyState icon={Search} title={t('palette.nothingHasSuchAName')} />
          </Command.Empty>
          <Command.Group heading={t('palette.actions')} className={GROUP}>
            {actions.map((action) => (
              <Command.Item key={action.title} onSelect={choose(action.run)} className={ITEM}>
                {action.icon}
                <span className="flex-1">{action.title}</span>
                {action.keys !== undefined && <Keys keys={action.keys} />}
              </Command.Item>
            ))}
          </Command.Group>
          <Command.Group heading={t('palette.threads')} className={GROUP}>
            {[...(pinned.data?.pages ?? []), ...(others.data?.pages ?? [])]
              .flatMap((page) => page.items)
              .map((thread) => (
                <Command.Item
                  key={thread.id}
                  value={`${thread.title} ${thread.id}`}
                  onSelect={choose(() => {
                    onOpenThread(thread.id)
                  })}
                  className={ITEM}
                >
                  <span className="truncate">{thread.title === '' ? t('palette.untitled') : thread.title}</span>
                </Command.Item>
              ))}
          </Command.Group>
          <Command.Group heading={t('palette.models')} className={GROUP}>
            {models.data?.items.map((model) => (
              <Command.Item
                key={model.id}
                value={`model ${model.id}`}
                onSelect={choose(() => {
                  chooseModel(model.id === models.data.default ? null : model.id)
                })}
                className={ITEM}
              >
                <span className="truncate">{model.id}</span>
              </Command.Item>
            ))}
          </Command.Group>
        </Command.List>
      </Command>
    </Dialog>
  )
}
