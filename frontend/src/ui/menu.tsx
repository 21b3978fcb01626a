/** A menu that opens from a button. */
import { Check } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { cn } from './cn'

interface MenuProps {
  trigger: ReactNode
  align?: 'start' | 'end'
  className?: string
  children: ReactNode
}

export function Menu({ trigger, align = 'start', className, children }: MenuProps) {
  const button = useRef<HTMLButtonElement>(null)
  const [around, setAround] = useState<Element | null>(null)
  return (
    <DropdownMenu.Root
      modal={false}
      onOpenChange={(open) => {
        // In the landmark of its button, so that who goes through the page by landmarks finds it there.
        if (open) setAround(button.current?.closest('[role="dialog"], nav, main') ?? null)
      }}
    >
      <DropdownMenu.Trigger ref={button} asChild>
        {trigger}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={around}>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={cn(
            'appear z-50 max-h-[min(420px,var(--radix-dropdown-menu-content-available-height))] min-w-44 overflow-y-auto rounded-md border bg-raised p-1',
            className,
          )}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

const ITEM =
  'flex min-h-8 w-full select-none items-center gap-2 rounded-sm px-2 py-1 text-ui outline-none data-[highlighted]:bg-hover'

interface ItemProps {
  onSelect: () => void
  danger?: boolean
  children: ReactNode
}

export function MenuItem({ onSelect, danger = false, children }: ItemProps) {
  return (
    <DropdownMenu.Item onSelect={onSelect} className={cn(ITEM, danger && 'text-err')}>
      {children}
    </DropdownMenu.Item>
  )
}

/** An item of which one is chosen. */
export function MenuChoice({
  chosen,
  onSelect,
  children,
}: {
  chosen: boolean
  onSelect: () => void
  children: ReactNode
}) {
  return (
    <DropdownMenu.CheckboxItem checked={chosen} onSelect={onSelect} className={ITEM}>
      <span className="min-w-0 flex-1">{children}</span>
      {chosen && <Check size={14} className="shrink-0 text-accent" />}
    </DropdownMenu.CheckboxItem>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 pt-2 pb-1 text-muted text-xs">{children}</DropdownMenu.Label>
}
