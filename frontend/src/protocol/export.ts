/** A thread as one document, to be kept or read elsewhere. */
import type { Message, Part, Thread } from './types'

/** Writes a thread down as markdown: who said what, which tools ran and what came of it. */
export function toMarkdown(thread: Pick<Thread, 'title'>, messages: readonly Message[]): string {
  const blocks = [`# ${thread.title === '' ? 'Untitled' : thread.title.replaceAll('\n', ' ')}`]
  let speaker = ''
  for (const message of messages) {
    const parts = message.parts.map(written).filter((text) => text !== '')
    if (parts.length === 0) continue
    const next = message.role === 'user' && message.parts.some(({ type }) => type === 'text') ? 'You' : 'Agent'
    if (next !== speaker) blocks.push(`## ${next}`)
    speaker = next
    blocks.push(...parts)
  }
  return `${blocks.join('\n\n')}\n`
}

function written(part: Part): string {
  switch (part.type) {
    case 'text':
      return part.text.trim()
    case 'reasoning':
      return part.text.trim() === '' ? '' : part.text.trim().replaceAll(/^/gm, '> ')
    case 'tool_call':
      if (part.name === 'complete' && typeof part.arguments.summary === 'string') return part.arguments.summary.trim()
      return `**${part.name}**\n\n${fenced(JSON.stringify(part.arguments, null, 2), 'json')}`
    case 'tool_result':
      return part.name === 'complete' ? '' : `*Result (${part.outcome})*\n\n${fenced(part.output, '')}`
    case 'compaction':
      return `*Earlier conversation was summarised:* ${part.summary}`
    case 'references':
      return ''
  }
}

/** A fence that is longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`
}
