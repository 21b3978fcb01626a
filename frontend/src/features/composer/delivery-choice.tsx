/** What becomes of a message while the agent works. */
import { ChevronDown } from 'lucide-react'
import type { Delivery } from '@/protocol/types'
import { Button } from '@/ui/button'
import { Menu, MenuChoice } from '@/ui/menu'
import { choose, useDelivery } from './choices'

const DELIVERIES: readonly { id: Delivery; title: string; text: string }[] = [
  { id: 'steer', title: 'After this step', text: 'The agent reads it as soon as its present step is done.' },
  { id: 'interrupt', title: 'Now', text: 'The agent leaves off what it does and reads it at once.' },
  { id: 'queue', title: 'As the next task', text: 'It waits until this task has ended.' },
]

export function DeliveryChoice() {
  const delivery = useDelivery()
  const chosen = DELIVERIES.find(({ id }) => id === delivery)
  return (
    <Menu
      align="end"
      className="w-72"
      trigger={
        <Button look="ghost" size="small" aria-label={`When it is read: ${chosen?.title ?? ''}`}>
          {chosen?.title}
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
