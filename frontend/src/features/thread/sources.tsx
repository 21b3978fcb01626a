/** The pages that an answer names, as cards. Nothing of them is loaded. */
import { useMemo } from 'react'
import { sourcesOf } from '@/protocol/sources'
import { t } from '@/words'

/** One link speaks for itself. */
const LEAST = 2

export function Sources({ text }: { text: string }) {
  const sources = useMemo(() => sourcesOf(text), [text])
  if (sources.length < LEAST) return null
  return (
    <section aria-label={t('thread.sources')} className="mt-3">
      <p className="mb-1.5 text-muted text-sm">{t('thread.sources')}</p>
      <ol className="flex flex-wrap gap-2">
        {sources.map(({ url, title, host }, place) => (
          <li key={url} className="min-w-0 max-w-full max-sm:w-full">
            <a
              href={url}
              target="_blank"
              rel="noopener noreferrer nofollow"
              className="flex h-11 w-full max-w-full sm:w-56 items-center gap-2.5 rounded-md border bg-raised px-2.5 hover:bg-hover"
            >
              <span
                aria-hidden="true"
                className="flex size-5 shrink-0 items-center justify-center rounded-sm bg-panel text-muted text-xs tabular-nums"
              >
                {place + 1}
              </span>
              <span className="min-w-0 leading-tight">
                <span className="block truncate font-medium">{title}</span>
                <span className="block truncate text-muted text-xs">{host}</span>
              </span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  )
}
