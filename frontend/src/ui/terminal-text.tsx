/** Output of a command, in the colours it asked for. */
import { memo } from 'react'
import { parseAnsi } from './ansi'
import { cn } from './cn'

const CLASSES: Readonly<Record<string, string>> = {
  muted: 'text-muted',
  err: 'text-err',
  ok: 'text-ok',
  warn: 'text-warn',
  accent: 'text-accent',
  magenta: 'text-[#9d3fc4] dark:text-[#d394f0]',
  cyan: 'text-[#0f6f7a] dark:text-[#5cc8d6]',
  fg: 'text-fg',
}

export const TerminalText = memo(function TerminalText({ text }: { text: string }) {
  return parseAnsi(text).map((piece, place) => (
    <span
      key={place}
      className={cn(
        piece.colour !== null && CLASSES[piece.colour],
        piece.bold && 'font-semibold',
        piece.dim && 'opacity-70',
      )}
    >
      {piece.text}
    </span>
  ))
})
