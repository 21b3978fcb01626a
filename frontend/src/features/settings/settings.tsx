/** The settings: a section at a time, beside the list of them; above it where that is too narrow. */
import { Link } from '@tanstack/react-router'
import { Bot, ChartColumn, Info, KeyRound, Lock, SlidersHorizontal, Users } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import { Alert } from '@/ui/alert'
import { cn } from '@/ui/cn'
import { t } from '@/words'
import { About } from './about'
import { Agents } from './agents'
import { General } from './general'
import { Keys } from './keys'
import { Members } from './members'
import { Secrets } from './secrets'
import { SECTIONS } from './sections'
import type { SectionId } from './sections'
import { Usage } from './usage'

const ICONS: Readonly<Record<SectionId, typeof Bot>> = {
  general: SlidersHorizontal,
  agents: Bot,
  members: Users,
  keys: KeyRound,
  usage: ChartColumn,
  secrets: Lock,
  about: Info,
}

interface SettingsProps {
  /** What follows /settings in the address. */
  path: string
  actions: ReactNode
}

export function Settings({ path, actions }: SettingsProps) {
  const [section = '', id] = path.split('/')
  return (
    <main className="flex h-full min-w-0 flex-1 flex-col">
      <header className="flex h-12 shrink-0 items-center gap-1 border-b px-3">
        {actions}
        <h1 className="px-1 font-medium">{t('settings.settings')}</h1>
      </header>
      <div className="min-h-0 flex-1 scroll-pt-16 scroll-pb-20 overflow-y-auto">
        <div className="mx-auto grid max-w-[960px] gap-x-10 px-4 sm:px-6 md:grid-cols-[168px_minmax(0,1fr)]">
          <nav
            aria-label={t('settings.settings')}
            className="sticky top-0 z-10 -mx-4 flex gap-1 overflow-x-auto bg-bg px-4 py-3 max-md:border-b sm:-mx-6 sm:px-6 md:mx-0 md:flex-col md:self-start md:px-0 md:py-8"
          >
            {SECTIONS.map(({ id: name, title }) => (
              <SectionLink key={name} name={name} title={title} current={name === section} />
            ))}
          </nav>
          <div className="min-w-0 pt-6 pb-16 md:pt-8">{content(section, id)}</div>
        </div>
      </div>
    </main>
  )
}

function SectionLink({ name, title, current }: { name: SectionId; title: string; current: boolean }) {
  const Icon = ICONS[name]
  const link = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    // Where the list is a line that scrolls, what one reads is in sight in it.
    if (current) link.current?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [current])
  return (
    <Link
      ref={link}
      to="/settings/$"
      params={{ _splat: name }}
      aria-current={current ? 'page' : undefined}
      className={cn(
        'flex h-8 shrink-0 items-center gap-2.5 whitespace-nowrap rounded-sm px-2.5 text-muted hover:bg-hover hover:text-fg',
        current && 'bg-hover font-medium text-fg',
      )}
    >
      <Icon size={15} aria-hidden="true" /> {title}
    </Link>
  )
}

function content(section: string, id: string | undefined): ReactNode {
  switch (section) {
    case 'general':
      return <General />
    case 'agents':
      return <Agents id={id} />
    case 'members':
      return <Members />
    case 'keys':
      return <Keys />
    case 'usage':
      return <Usage />
    case 'secrets':
      return <Secrets />
    case 'about':
      return <About />
    default:
      return <Alert>{t('settings.thereAreNoSuchSettings')}</Alert>
  }
}
