/** Markdown as it streams in. Nothing in it loads by itself: a picture from elsewhere is shown as a link. */
import type { ComponentProps } from 'react'
import { Streamdown } from 'streamdown'
import type { Components } from 'streamdown'
import { cn } from '../cn'
import { CodeBlock } from './code-block'
import { useMath } from './use-math'
import { Body, Cell, Head, HeadCell, Table, TableRow } from './table'

function Link({ href, children }: ComponentProps<'a'>) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  )
}

function Picture({ src, alt }: ComponentProps<'img'>) {
  const address = typeof src === 'string' ? src : ''
  if (address.startsWith('data:image/'))
    return <img src={address} alt={alt ?? ''} className="my-2 max-w-full rounded-md border" />
  return <Link href={address}>{alt !== undefined && alt !== '' ? alt : address}</Link>
}

function Inline({ children }: ComponentProps<'code'>) {
  return <code className="inline-code">{children}</code>
}

// One object for all: a new one each time would parse every block anew.
const COMPONENTS = {
  a: Link,
  img: Picture,
  code: CodeBlock,
  inlineCode: Inline,
  table: Table,
  thead: Head,
  tbody: Body,
  tr: TableRow,
  th: HeadCell,
  td: Cell,
} as Components

export interface MarkdownProps {
  text: string
  /** More of it is being written. */
  live?: boolean
  className?: string
}

export default function Rendered({ text, live = false, className }: MarkdownProps) {
  const math = useMath(text)
  return (
    <Streamdown
      {...(math === null ? {} : { plugins: { math: math.plugin } })}
      mode={live ? 'streaming' : 'static'}
      parseIncompleteMarkdown={live}
      components={COMPONENTS}
      controls={false}
      className={cn('markdown space-y-0', className)}
    >
      {math === null ? text : math.delimited(text)}
    </Streamdown>
  )
}
