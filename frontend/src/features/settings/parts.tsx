/** What the sections of the settings are made of. */
import { Eye } from 'lucide-react'
import type { ReactNode } from 'react'
import { explain } from '@/runtime/api'
import { useMayWrite } from '@/runtime/rights'
import { Alert } from '@/ui/alert'
import { cn } from '@/ui/cn'
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

export function Empty({ children }: { children: ReactNode }) {
  return <p className="rounded-md border border-dashed px-4 py-6 text-center text-muted">{children}</p>
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
