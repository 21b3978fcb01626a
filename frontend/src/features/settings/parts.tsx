/** What the sections of the settings are made of. */
import { Eye } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { explain } from '@/runtime/api'
import { useMayWrite } from '@/runtime/rights'
import { Alert } from '@/ui/alert'
import { cn } from '@/ui/cn'
import { EmptyState } from '@/ui/empty-state'
import { t } from '@/words'

interface SectionProps {
  title: string
  intro?: ReactNode
  /** Stands beside the title. */
  action?: ReactNode
  children: ReactNode
}

export function Section({ title, intro, action, children }: SectionProps) {
  return (
    <section aria-label={title}>
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="font-semibold text-lg tracking-tight">{title}</h2>
        {action}
      </div>
      {intro !== undefined && <p className="mt-1 max-w-[60ch] text-muted leading-relaxed">{intro}</p>}
      <div className="mt-5 flex flex-col gap-6">{children}</div>
    </section>
  )
}

export function Group({ title, className, children }: { title: string; className?: string; children: ReactNode }) {
  return (
    <div className={className}>
      <h3 className="mb-2 font-medium">{title}</h3>
      {children}
    </div>
  )
}

/** Lines in one frame. */
export function Card({ label, className, children }: { label?: string; className?: string; children: ReactNode }) {
  return (
    <ul aria-label={label} className={cn('divide-y rounded-md border bg-raised', className)}>
      {children}
    </ul>
  )
}

interface ItemProps {
  icon: LucideIcon
  title: ReactNode
  meta: ReactNode
  /** What went wrong with it. */
  problem: string | null
  /** What can be done with it. */
  children?: ReactNode
}

/** A line that stands for a thing of the account: its name, what is to know of it, and what can be done with it. */
export function Item({ icon: Icon, title, meta, problem, children }: ItemProps) {
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Icon size={15} className="shrink-0 text-muted max-sm:hidden" aria-hidden="true" />
        <span className="min-w-36 flex-1">
          <span className="flex flex-wrap items-baseline gap-x-2.5 font-medium [overflow-wrap:anywhere]">{title}</span>
          <span className="block text-muted text-sm">{meta}</span>
        </span>
        {children !== undefined && <span className="flex items-center gap-1.5">{children}</span>}
      </div>
      {problem !== null && <Alert className="mt-2">{problem}</Alert>}
    </li>
  )
}

/** A setting: what it is on the left, how it is set on the right, below each other where that is too narrow. */
export function Setting({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3">
      <span className="min-w-40 flex-1">
        <span className="block font-medium">{title}</span>
        {note !== undefined && <span className="mt-0.5 block text-muted text-sm">{note}</span>}
      </span>
      {children}
    </li>
  )
}

interface LoadedProps<Data> {
  query: { readonly data: Data | undefined; readonly error: Error | null }
  children: (data: Data) => ReactNode
}

/** What was read, or why it could not be. */
export function Loaded<Data>({ query, children }: LoadedProps<Data>) {
  if (query.data !== undefined) return children(query.data)
  if (query.error !== null) return <Alert>{explain(query.error)}</Alert>
  return (
    <p role="status" className="text-muted">
      {t('settings.loading')}
    </p>
  )
}

/** A list that has nothing. */
export function Empty({ icon, title, note }: { icon: LucideIcon; title: string; note: string }) {
  return <EmptyState icon={icon} title={title} note={note} className="h-auto rounded-md border border-dashed py-8" />
}

/** To who may only read, above what others change. */
export function ReadersNote() {
  return useMayWrite() ? null : (
    <p className="flex items-start gap-2.5 rounded-md border bg-panel px-4 py-3 text-muted">
      <Eye size={16} className="mt-px shrink-0" aria-hidden="true" />
      {t('settings.viewersLook')}
    </p>
  )
}

export function Code({ children }: { children: ReactNode }) {
  return <code className="break-all font-mono text-fg text-sm">{children}</code>
}
