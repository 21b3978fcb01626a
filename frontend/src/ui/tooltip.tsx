/** A hint on hover and on focus. */
import { Tooltip } from 'radix-ui'
import type { ReactNode } from 'react'
import { Keys } from './keys'

interface TipProps {
  label: string
  keys?: string | undefined
  children: ReactNode
}

export function Tip({ label, keys, children }: TipProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex max-w-72 items-center gap-2 rounded-sm bg-fg px-2 py-1 text-sm text-bg"
        >
          {label}
          {keys !== undefined && <Keys keys={keys} className="border-bg/25 text-bg/80" />}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

export const TipProvider = Tooltip.Provider
