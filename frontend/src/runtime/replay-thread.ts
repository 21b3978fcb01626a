/** Playing one of the person's own threads. */
import { Replay } from '@/protocol/replay'
import type { ToldRun } from '@/protocol/replay'
import type { Call } from '@/protocol/state'
import type { Thread } from '@/protocol/types'
import { allMessages, allRuns } from './export'
import { Player } from './player'
import { useReplaying } from './replaying'

/** Reads the whole thread, then plays it from its beginning. Raises ApiError. */
export async function replayThread(thread: Thread, calls: Iterable<Call>): Promise<void> {
  const [messages, runs] = await Promise.all([allMessages(thread.id), allRuns(thread.id)])
  const told = runs.flatMap((run): ToldRun[] => {
    const { id, status, deliverables, model, usage } = run
    if (run.ended_at == null) return []
    return [{ id, status, deliverables, model, usage, started_at: run.started_at ?? null, ended_at: run.ended_at }]
  })
  const durations = new Map([...calls].flatMap(({ id, durationMs }) => (durationMs === null ? [] : [[id, durationMs]])))
  const player = new Player({
    threadId: thread.id,
    thread,
    link: null,
    replay: new Replay(messages, told, durations),
  })
  useReplaying.setState({ player })
  player.start()
}
