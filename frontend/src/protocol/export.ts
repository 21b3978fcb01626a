/** A thread as one document, to be kept or read elsewhere. */
import type { Message, Part, Thread } from './types'

/** The words of the document itself. */
export interface ExportWords {
  readonly untitled: string
  readonly you: string
  readonly agent: string
  readonly result: (outcome: string) => string
  readonly summarised: string
}

/** Writes a thread down as markdown: who said what, which tools ran and what came of it. */
export function toMarkdown(thread: Pick<Thread, 'title'>, messages: readonly Message[], words: ExportWords): string {
  const blocks = [`# ${thread.title === '' ? words.untitled : thread.title.replaceAll('\n', ' ')}`]
  let speaker = ''
  for (const message of messages) {
    const parts = message.parts.map((part) => written(part, words)).filter((text) => text !== '')
    if (parts.length === 0) continue
    const next = message.role === 'user' && message.parts.some(({ type }) => type === 'text') ? words.you : words.agent
    if (next !== speaker) blocks.push(`## ${next}`)
    speaker = next
    blocks.push(...parts)
  }
  return `${blocks.join('\n\n')}\n`
}

function written(part: Part, words: ExportWords): string {
  switch (part.type) {
    case 'text':
      return part.text.trim()
    case 'reasoning':
      return part.text.trim() === '' ? '' : part.text.trim().replaceAll(/^/gm, '> ')
    case 'tool_call':
      if (part.name === 'complete' && typeof part.arguments.summary === 'string') return part.arguments.summary.trim()
      return `**${part.name}**\n\n${fenced(JSON.stringify(part.arguments, null, 2), 'json')}`
    case 'tool_result':
      return part.name === 'complete' ? '' : `*${words.result(part.outcome)}*\n\n${fenced(part.output, '')}`
    case 'compaction':
      return `*${words.summarised}* ${part.summary}`
    default:
      // References say nothing to a person, and a service newer than this page may write other kinds.
      return ''
  }
}

/** A fence that is longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`
}
