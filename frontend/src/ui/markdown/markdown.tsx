/** Markdown. Its parser is half of the page's code, so it comes after the first paint; until then text is plain. */
import { Suspense, lazy, memo } from 'react'
import { cn } from '../cn'
import type { MarkdownProps } from './rendered'

const load = () => import('./rendered')
const Rendered = lazy(load)

/** Fetches the parser while there is nothing else to do. */
export function preloadMarkdown(): void {
  void load()
}

export const Markdown = memo(function Markdown(props: MarkdownProps) {
  return (
    <Suspense fallback={<div className={cn('markdown whitespace-pre-wrap', props.className)}>{props.text}</div>}>
      <Rendered {...props} />
    </Suspense>
  )
})
