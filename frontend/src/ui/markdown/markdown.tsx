/** Markdown. Its parser is half of the page's code, so it comes after the first paint; until then text is plain. */
import { Suspense, lazy, memo, useState } from 'react'
import type { ComponentType } from 'react'
import { cn } from '../cn'
import type { MarkdownProps } from './rendered'

let parser: ComponentType<MarkdownProps> | null = null

async function load() {
  const module = await import('./rendered')
  parser = module.default
  return module
}
const Rendered = lazy(load)

/** Fetches the parser while there is nothing else to do. */
export function preloadMarkdown(): void {
  void load()
}

export const Markdown = memo(function Markdown(props: MarkdownProps) {
  // What is lazy shows its fallback once even if it is there, and React keeps that for a third of a second.
  const [Parsed] = useState(() => parser ?? Rendered)
  return (
    <Suspense fallback={<div className={cn('markdown whitespace-pre-wrap', props.className)}>{props.text}</div>}>
      <Parsed {...props} />
    </Suspense>
  )
})
