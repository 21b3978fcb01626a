/** What becomes of a message while the agent works. */
import { ChevronDown } from 'lucide-react'
import type { Delivery } from '@/protocol/types'
import { Button } from '@/ui/button'
import { Menu, MenuChoice } from '@/ui/menu'
import { t } from '@/words'
import { choose, useDelivery } from './choices'

const DELIVERIES: readonly { id: Delivery; title: string; text: string }[] = [
  {
    id: 'steer',
    get title() {
      return t('composer.afterThisStep')
    },
    get text() {
      return t('composer.theAgentReadsItAs')
    },
  },
  {
    id: 'interrupt',
    get title() {
      return t('composer.now')
    },
    get text() {
      return t('composer.theAgentLeavesOffWhat')
    },
  },
  {
    id: 'queue',
    get title() {
      return t('composer.asTheNextTask')
    },
    get text() {
      return t('composer.itWaitsUntilThisTask')
    },
  },
]

export function DeliveryChoice() {
  const delivery = useDelivery()
  const chosen = DELIVERIES.find(({ id }) => id === delivery)
  return (
    <Menu
      align="end"
      className="w-72"
      trigger={
        <Button
          look="ghost"
          size="small"
          aria-label={t('composer.whenItIsRead', { title: chosen?.title ?? '' })}
          className="min-w-0 shrink"
        >
          <span className="truncate">{chosen?.title}</span>
          <ChevronDown size={13} aria-hidden="true" />
        </Button>
      }
    >
      {DELIVERIES.map(({ id, title, text }) => (
        <MenuChoice
          key={id}
          chosen={id === delivery}
          onSelect={() => {
            choose({ delivery: id })
          }}
        >
          <span className="block">{title}</span>
          <span className="block text-muted text-sm">{text}</span>
        </MenuChoice>
      ))}
    </Menu>
  )
}
