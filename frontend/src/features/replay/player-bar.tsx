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
import { t } from '@/words'

export function PlayerBar({ player, trailing }: { player: Player; trailing?: ReactNode }) {
  const { count, playing, speed } = useStore(player.play)
  const content = useStore(player.store, (state) => state.content)
  const moment = player.replay.moments[count - 1]
  const said = moment === undefined ? t('replay.theBeginning') : saying(moment, content)
  return (
    <section aria-label={t('replay.replay')} className="rounded-md border bg-raised px-2 pt-1 pb-2">
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
          label={t('replay.fromTheBeginning')}
          disabled={count === 0}
          onClick={() => {
            player.seek(0)
          }}
        >
          <SkipBack size={15} />
        </IconButton>
        <IconButton
          label={playing ? t('replay.pause') : t('replay.play')}
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
          aria-label={t('replay.moment')}
          aria-valuetext={t('replay.countOfLengthSaid', { count, length: player.length, said })}
          onChange={(event) => {
            player.seek(Number(event.target.value))
          }}
          className="mx-1 h-8 min-w-0 flex-1 cursor-pointer accent-accent"
        />
        <IconButton
          label={t('replay.toTheEnd')}
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
        <Button look="ghost" className="w-11 px-0 tabular-nums" aria-label={t('replay.speedSpeedTimes', { speed })}>
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
  get finished() {
    return t('replay.theTaskIsDone')
  },
  get failed() {
    return t('replay.theTaskFailed')
  },
  get stopped() {
    return t('replay.theTaskWasStopped')
  },
}

/** What happened in a moment, in one line. */
function saying({ what }: Moment, { calls }: ThreadState): string {
  switch (what.kind) {
    case 'user':
      return t('replay.askedText', { text: line(what.text) })
    case 'text':
      return line(what.text)
    case 'thought':
      return t('replay.thoughtAboutIt')
    case 'end':
      return ENDS[what.status] ?? ''
    case 'call':
    case 'result': {
      const call = calls.get(what.callId)
      if (call === undefined) return ''
      const { verb, target } = viewOf(call)
      const action = `${verb} ${target(call)}`
      if (what.kind === 'call') return action
      if (call.state === 'ok') return t('replay.actionDone', { action })
      return t(call.state === 'error' ? 'replay.actionFailed' : 'replay.actionEnded', { action })
    }
  }
}

function line(text: string): string {
  return text.slice(0, 200).replaceAll(/\s+/g, ' ').trim()
}
