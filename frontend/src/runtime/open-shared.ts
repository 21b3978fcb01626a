/** Opening a shared thread, to look at it and to play it. */
import { Replay } from '@/protocol/replay'
import type { Message, Shared, SharedMessagePage } from '@/protocol/types'
import { Player } from './player'
import { readShared } from './shared'

const MOST_PAGES = 200

/** Reads a shared thread whole. Raises ApiError. */
export async function openShared(token: string, signal: AbortSignal): Promise<{ shared: Shared; player: Player }> {
  const shared = (await (await readShared(token, '', signal)).json()) as Shared
  const messages: Message[] = []
  let after: string | null = null
  for (let page = 0; page < MOST_PAGES; page++) {
    const query: string = after === null ? '' : `&after=${after}`
    const answer = await readShared(token, `/messages?limit=200${query}`, signal)
    const { items, next } = (await answer.json()) as SharedMessagePage
    messages.push(...items.map((item) => ({ ...item, thread_id: '', parent_id: null, model: null })))
    if (next == null) break
    after = next
  }
  const replay = new Replay(messages, shared.runs)
  return { shared, player: new Player({ threadId: '', thread: null, link: token, replay }) }
}
