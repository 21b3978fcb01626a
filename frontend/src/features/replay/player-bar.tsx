/** The bar below a thread that is played: play, the moment one is at, how fast, and what happened there. */
import { Pause, Play, SkipBack, SkipForward } from 'lucide-react'
import type { ReactNode } from 'react'
import { useStore } from 'zustand'
import type { Moment } from '@/protocol/replay'
import type { ThreadState } from '@/protocol/state'
import { SPEEDS } from '@/runtime/player'
import type { Player, Speed } from '@/runtime/player'
import { viewOf } from '@/tool-views'
import { Button, IconButton } from '@/ui/button'
import { Menu, MenuChoice } from '@/ui/menu'
import { moment as time } from '@/ui/format'

export function PlayerBar({ player, trailing }: { player: Player; trailing?: ReactNode }) {
  const { count, playing, speed } = useStore(player.play)
  const content = useStore(player.store, (state) => state.content)
  const moment = player.replay.moments[count - 1]
  const said = moment === undefined ? 'The beginning' : saying(moment, content)
  return (
    <section aria-label="Replay" className="rounded-md border bg-raised px-2 pt-1 pb-2">
      <div className="flex min-h-8 items-center gap-2 px-1">
        <p className="min-w-0 flex-1 truncate text-muted">{said}</p>
        {moment !== undefined && (
          <time dateTime={new Date(moment.at).toISOString()} className="shrink-0 text-muted text-sm tabular-nums">
            {time(moment.at)}
          </time>
        )}
      </div>
      <div className="flex items-center gap-1">
        <IconButton
          label="From the beginning"
          disabled={count === 0}
          onClick={() => {
            player.seek(0)
          }}
        >
          <SkipBack size={15} />
        </IconButton>
        <IconButton
          label={playing ? 'Pause' : 'Play'}
          look="primary"
          onClick={() => {
            if (playing) player.pause()
            else player.start()
          }}
        >
          {playing ? <Pause size={15} /> : <Play size={15} />}
        </IconButton>
        <input
          type="range"
          min={0}
          max={player.length}
          step={1}
          value={count}
          aria-label="Moment"
          aria-valuetext={`${String(count)} of ${String(player.length)}: ${said}`}
          onChange={(event) => {
            player.seek(Number(event.target.value))
          }}
          className="mx-1 h-8 min-w-0 flex-1 cursor-pointer accent-accent"
        />
        <IconButton
          label="To the end"
          disabled={count === player.length}
          onClick={() => {
            player.pause()
            player.seek(player.length)
          }}
        >
          <SkipForward size={15} />
        </IconButton>
        <SpeedChoice
          speed={speed}
          onChange={(wanted) => {
            player.setSpeed(wanted)
          }}
        />
        {trailing}
      </div>
    </section>
  )
}

function SpeedChoice({ speed, onChange }: { speed: Speed; onChange: (speed: Speed) => void }) {
  return (
    <Menu
      align="end"
      className="min-w-28"
      trigger={
        <Button look="ghost" className="w-11 px-0 tabular-nums" aria-label={`Speed: ${String(speed)} times`}>
          {speed}×
        </Button>
      }
    >
      {SPEEDS.map((one) => (
        <MenuChoice
          key={one}
          chosen={one === speed}
          onSelect={() => {
            onChange(one)
          }}
        >
          {one}×
        </MenuChoice>
      ))}
    </Menu>
  )
}

const ENDS: Readonly<Partial<Record<string, string>>> = {
  finished: 'The task is done',
  failed: 'The task failed',
  stopped: 'The task was stopped',
}

/** What happened in a moment, in one line. */
function saying({ what }: Moment, { calls }: ThreadState): string {
  switch (what.kind) {
    case 'user':
      return `Asked: ${line(what.text)}`
    case 'text':
      return line(what.text)
    case 'thought':
      return 'Thought about it'
    case 'end':
      return ENDS[what.status] ?? ''
    case 'call':
    case 'result': {
      const call = calls.get(what.callId)
      if (call === undefined) return ''
      const { verb, target } = viewOf(call)
      const done =
        what.kind === 'call' ? '' : call.state === 'ok' ? 'done' : call.state === 'error' ? 'failed' : 'ended'
      return `${verb} ${target(call)}${done === '' ? '' : `: ${done}`}`
    }
  }
}

function line(text: string): string {
  return text.slice(0, 200).replaceAll(/\s+/g, ' ').trim()
}
