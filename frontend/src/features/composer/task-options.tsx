/** How much the model shall think, and what a task may cost before it asks. */
import { SlidersHorizontal } from 'lucide-react'
import type { Effort } from '@/protocol/types'
import { IconButton } from '@/ui/button'
import { money } from '@/ui/format'
import { Popover } from '@/ui/popover'
import { Segments } from '@/ui/segments'
import { t } from '@/words'
import { canReason, choose, useChoices, useModel } from './choices'

const EFFORTS: readonly { value: Effort | 'default'; title: string }[] = [
  {
    value: 'default',
    get title() {
      return t('composer.default')
    },
  },
  {
    value: 'none',
    get title() {
      return t('composer.none')
    },
  },
  {
    value: 'low',
    get title() {
      return t('composer.low')
    },
  },
  {
    value: 'medium',
    get title() {
      return t('composer.medium')
    },
  },
  {
    value: 'high',
    get title() {
      return t('composer.high')
    },
  },
]
const DOLLARS = [0.1, 0.5, 2, 10]

export function TaskOptions() {
  const { effort, mostDollars } = useChoices()
  const model = useModel()
  const chosen = effort !== null || mostDollars !== null
  return (
    <Popover
      label={t('composer.optionsOfTheNextTask')}
      align="start"
      trigger={
        <IconButton label={t('composer.options')} look={chosen ? 'chosen' : 'ghost'}>
          <SlidersHorizontal size={15} />
        </IconButton>
      }
    >
      <div className="flex w-[min(340px,calc(100vw-48px))] flex-col gap-4">
        {canReason(model) && (
          <Segments
            legend={t('composer.howMuchItThinks')}
            value={effort ?? 'default'}
            options={EFFORTS}
            onChange={(value) => {
              choose({ effort: value === 'default' ? null : value })
            }}
          />
        )}
        <div>
          <Segments
            legend={t('composer.askBeforeItCostsMore')}
            value={String(mostDollars ?? '')}
            options={[
              { value: '', title: t('composer.noLimit') },
              ...DOLLARS.map((amount) => ({ value: String(amount), title: money(amount) })),
            ]}
            onChange={(value) => {
              choose({ mostDollars: value === '' ? null : Number(value) })
            }}
          />
          <p className="mt-2 text-muted text-sm">{t('composer.atTheLimitTheTask')}</p>
        </div>
      </div>
    </Popover>
  )
}
