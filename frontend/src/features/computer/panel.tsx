/** The agent's computer: how far it is, its terminal, its browser, its files. Beside the thread, or as a sheet on a phone. */
import { FileDiff, FolderTree, Globe, ListTodo, SquareTerminal, X } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { usePanel } from '@/runtime/panel'
import type { PanelTab } from '@/runtime/panel'
import { IconButton } from '@/ui/button'
import { t } from '@/words'
import { Browser } from './browser'
import { Changes } from './changes'
import { Files } from './files'
import { Progress } from './progress'
import { Terminal } from './terminal'

const TABS: readonly { id: PanelTab; title: string; icon: typeof ListTodo }[] = [
  {
    id: 'progress',
    get title() {
      return t('computer.progress')
    },
    icon: ListTodo,
  },
  {
    id: 'terminal',
    get title() {
      return t('computer.terminal')
    },
    icon: SquareTerminal,
  },
  {
    id: 'browser',
    get title() {
      return t('computer.browser')
    },
    icon: Globe,
  },
  {
    id: 'files',
    get title() {
      return t('computer.files')
    },
    icon: FolderTree,
  },
  {
    id: 'changes',
    get title() {
      return t('computer.changes')
    },
    icon: FileDiff,
  },
]

export default function ComputerPanel() {
  const { tab, show, close } = usePanel()
  return (
    <Tabs.Root
      value={tab}
      onValueChange={(next) => {
        const chosen = TABS.find((one) => one.id === next)
        if (chosen !== undefined) show(chosen.id)
      }}
      className="@container flex h-full min-w-0 flex-col bg-panel"
    >
      <div className="flex h-12 shrink-0 items-center gap-1 border-b px-3">
        <Tabs.List aria-label={t('computer.theAgentsComputer')} className="flex min-w-0 flex-1 gap-1">
          {TABS.map(({ id, title, icon: Icon }) => (
            <Tabs.Trigger
              key={id}
              value={id}
              className="group flex h-8 items-center gap-1.5 rounded-sm px-2 @sm:px-2.5 font-medium text-muted hover:bg-hover hover:text-fg data-[state=active]:bg-raised data-[state=active]:text-fg data-[state=active]:ring-1 data-[state=active]:ring-line"
            >
              <Icon size={14} aria-hidden="true" className="shrink-0 @md:hidden @xl:block" />
              <span className="sr-only @md:not-sr-only group-data-[state=active]:not-sr-only">{title}</span>
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <IconButton label={t('computer.closeThePanel')} size="icon-small" onClick={close}>
          <X size={16} />
        </IconButton>
      </div>
      <Tabs.Content value="progress" className="min-h-0 flex-1 overflow-y-auto outline-none" tabIndex={0}>
        <Progress />
      </Tabs.Content>
      <Tabs.Content value="terminal" className="min-h-0 flex-1 outline-none" tabIndex={-1}>
        <Terminal />
      </Tabs.Content>
      <Tabs.Content value="browser" className="min-h-0 flex-1 outline-none" tabIndex={-1}>
        <Browser />
      </Tabs.Content>
      <Tabs.Content value="files" className="min-h-0 flex-1 outline-none" tabIndex={-1}>
        <Files />
      </Tabs.Content>
      <Tabs.Content value="changes" className="min-h-0 flex-1 overflow-y-auto outline-none" tabIndex={0}>
        <Changes />
      </Tabs.Content>
    </Tabs.Root>
  )
}
