/** A fenced block: its language, copy, download. */
import { Download } from 'lucide-react'
import type { ReactNode } from 'react'
import { useIsCodeFenceIncomplete } from 'streamdown'
import { IconButton } from '../button'
import { CopyButton, save } from '../clipboard'
import { Code } from './code'
import { Diagram } from './diagram'
import { t } from '@/words'

const EXTENSIONS: Readonly<Record<string, string>> = {
  python: 'py',
  javascript: 'js',
  typescript: 'ts',
  bash: 'sh',
  markdown: 'md',
  rust: 'rs',
  yaml: 'yml',
}

interface FenceProps {
  className?: string | undefined
  children?: ReactNode
}

export function CodeBlock({ className, children }: FenceProps) {
  const live = useIsCodeFenceIncomplete()
  const language = /language-([\w+#-]+)/.exec(className ?? '')?.[1] ?? ''
  const code = textOf(children).replace(/\n$/, '')
  if (language === 'mermaid' && !live) return <Diagram source={code} />
  return (
    <div className="mb-3 overflow-hidden rounded-md border bg-panel">
      <div className="flex h-8 items-center justify-between border-b pr-1 pl-3 text-muted text-sm">
        <span>{language === '' ? 'text' : language}</span>
        <span className="flex">
          <CopyButton text={() => code} label={t('ui.copyCode')} />
          <IconButton
            label={t('ui.downloadCode')}
            size="icon-small"
            onClick={() => {
              save(code, `code.${EXTENSIONS[language] ?? (language === '' ? 'txt' : language)}`)
            }}
          >
            <Download size={14} />
          </IconButton>
        </span>
      </div>
      <Code code={code} language={language} live={live} className="max-h-[420px]" />
    </div>
  )
}

function textOf(node: ReactNode): string {
  if (typeof node === 'string') return node
  if (Array.isArray(node)) return node.map(textOf).join('')
  return ''
}
