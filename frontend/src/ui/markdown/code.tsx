/** Code with its colours. What is still being written stays plain: colouring it again and again would stutter. */
import { memo, useEffect, useState } from 'react'
import type { CSSProperties } from 'react'
import { cn } from '../cn'
import { highlight } from './highlight'
import type { Token } from './highlight'
import { t } from '@/words'

interface CodeProps {
  code: string
  language: string
  live?: boolean
  numbers?: boolean
  className?: string
}

export const Code = memo(function Code({ code, language, live = false, numbers = false, className }: CodeProps) {
  const [coloured, setColoured] = useState<{ code: string; lines: Token[][] } | null>(null)
  useEffect(() => {
    if (live) return
    let wanted = true
    void highlight(code, language).then((lines) => {
      if (wanted && lines !== null) setColoured({ code, lines })
    })
    return () => {
      wanted = false
    }
  }, [code, language, live])

  const lines = coloured?.code === code ? coloured.lines : null
  return (
    <pre
      tabIndex={0}
      aria-label={language === '' ? t('ui.code') : t('ui.codeLanguage', { language })}
      className={cn('overflow-x-auto p-3 font-mono text-sm leading-[1.6]', className)}
    >
      <code>
        {numbers ? (
          <Numbered code={code} lines={lines} />
        ) : lines === null ? (
          code
        ) : (
          lines.map((line, place) => <Line key={place} line={line} last={place === lines.length - 1} />)
        )}
      </code>
    </pre>
  )
})

function Line({ line, last }: { line: Token[]; last: boolean }) {
  return (
    <>
      {line.map((token, place) => (
        <span
          key={place}
          className="shiki-token"
          style={{ '--light': token.light, '--dark': token.dark } as CSSProperties}
        >
          {token.text}
        </span>
      ))}
      {!last && '\n'}
    </>
  )
}

function Numbered({ code, lines }: { code: string; lines: Token[][] | null }) {
  const plain = code.split('\n')
  return plain.map((text, place) => (
    <span key={place} className="flex">
      <span aria-hidden="true" className="mr-4 w-8 shrink-0 select-none text-right text-muted">
        {place + 1}
      </span>
      <span className="whitespace-pre">{lines?.[place] === undefined ? text : <Line line={lines[place]} last />}</span>
      {'\n'}
    </span>
  ))
}
