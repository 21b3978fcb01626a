/** Reading a whole thread, to export it. */
import type { Message, Run, Thread } from '@/protocol/types'
import { toMarkdown } from '@/protocol/export'
import type { ExportWords } from '@/protocol/export'
import { api, body } from './api'
import { t } from '@/words'

/** The thread's path as a document: its name, and what is in it. Raises ApiError. */
export async function exported(thread: Thread, form: 'markdown' | 'json'): Promise<{ name: string; text: string }> {
  const messages = await allMessages(thread.id)
  const stem =
    thread.title
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 60) || 'thread'
  if (form === 'markdown') return { name: `${stem}.md`, text: toMarkdown(thread, messages, words()) }
  const runs = await allRuns(thread.id)
  return { name: `${stem}.json`, text: `${JSON.stringify({ thread, runs, messages }, null, 2)}\n` }
}

function words(): ExportWords {
  return {
    untitled: t('runtime.untitled'),
    you: t('runtime.you'),
    agent: t('runtime.agent'),
    result: (outcome) => t('runtime.result', { outcome }),
    summarised: t('runtime.summarised'),
  }
}

export async function allMessages(threadId: string): Promise<Message[]> {
  return allPages(async (after) => {
    const query = { limit: 200, ...(after === null ? {} : { after }) }
    return body(await api.GET('/v1/threads/{thread_id}/messages', { params: { path: { thread_id: threadId }, query } }))
  })
}

export async function allRuns(threadId: string): Promise<Run[]> {
  return allPages(async (after) => {
    const query = { limit: 200, ...(after === null ? {} : { after }) }
    return body(await api.GET('/v1/threads/{thread_id}/runs', { params: { path: { thread_id: threadId }, query } }))
  })
}

async function allPages<Item>(read: (after: string | null) => Promise<{ items: Item[]; next: string | null }>) {
  const found: Item[] = []
  let after: string | null = null
  do {
    const page: { items: Item[]; next: string | null } = await read(after)
    found.push(...page.items)
    after = page.next ?? null
  } while (after !== null)
  return found
}
