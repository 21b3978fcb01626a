/** How much the model shall think, and what a task may cost before it asks. */
import { SlidersHorizontal } from 'lucide-react'
import type { Effort } from '@/protocol/types'
import { IconButton } from '@/ui/button'
import { money } from '@/ui/format'
import { Popover } from '@/ui/popover'
import { Segments } from '@/ui/segments'
import { canReason, choose, useChoices, useModel } from './choices'

const EFFORTS: readonly { value: Effort | 'default'; title: string }[] = [
  { value: 'default', title: 'Default' },
  { value: 'none', title: 'None' },
  { value: 'low', title: 'Low' },
  { value: 'medium', title: 'Medium' },
  { value: 'high', title: 'High' },
]
const DOLLARS = [0.1, 0.5, 2, 10]

export function TaskOptions() {
  const { effort, mostDollars } = useChoices()
  const model = useModel()
  const chosen = effort !== null || mostDollars !== null
  return (
    <Popover
      label="Options of the next task"
      align="start"
      trigger={
        <IconButton label="Options" look={chosen ? 'chosen' : 'ghost'}>
          <SlidersHorizontal size={15} />
        </IconButton>
      }
    >
      <div className="flex w-[min(340px,calc(100vw-48px))] flex-col gap-4">
        {canReason(model) && (
          <Segments
            legend="How much it thinks"
            value={effort ?? 'default'}
            options={EFFORTS}
            onChange={(value) => {
              choose({ effort: value === 'default' ? null : value })
            }}
          />
        )}
        <div>
          <Segments
            legend="Ask before it costs more than"
            value={String(mostDollars ?? '')}
            options={[
              { value: '', title: 'No limit' },
              ...DOLLARS.map((amount) => ({ value: String(amount), title: money(amount) })),
            ]}
            onChange={(value) => {
              choose({ mostDollars: value === '' ? null : Number(value) })
            }}
          />
          <p className="mt-2 text-muted text-sm">
            At the limit the task waits and asks whether it may go on. Steps are limited in any case.
          </p>
        </div>
      </div>
    </Popover>
  )
}
