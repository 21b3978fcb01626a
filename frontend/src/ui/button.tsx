/** Buttons: 28 px beside text, 32 px alone, 36 px for what a page is for. */
import { cva } from 'class-variance-authority'
import type { VariantProps } from 'class-variance-authority'
import type { ComponentProps, ReactNode } from 'react'
import { cn } from './cn'
import { Tip } from './tooltip'

const looks = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-sm font-medium text-ui transition-colors duration-100 select-none disabled:opacity-50 disabled:cursor-not-allowed [&_svg]:shrink-0',
  {
    variants: {
      look: {
        plain: 'border border-line bg-raised hover:bg-hover',
        primary: 'bg-accent text-on-accent hover:bg-[color-mix(in_srgb,var(--accent)_88%,black)]',
        ghost: 'text-muted hover:bg-hover hover:text-fg aria-pressed:bg-hover aria-pressed:text-fg',
        chosen: 'bg-accent/10 text-accent hover:bg-accent/15',
        danger: 'border border-line text-err bg-raised hover:bg-hover',
      },
      size: { small: 'h-7 px-2', medium: 'h-8 px-3', large: 'h-9 px-4', icon: 'size-8', 'icon-small': 'size-7' },
    },
    defaultVariants: { look: 'plain', size: 'medium' },
  },
)

export type ButtonProps = ComponentProps<'button'> & VariantProps<typeof looks>

export function Button({ look, size, className, type = 'button', ...props }: ButtonProps) {
  return <button type={type} className={cn(looks({ look, size }), className)} {...props} />
}

interface IconButtonProps extends ButtonProps {
  /** What it does: shown on hover, read aloud. */
  label: string
  keys?: string
  children: ReactNode
}

export function IconButton({ label, keys, look = 'ghost', size = 'icon', ...props }: IconButtonProps) {
  return (
    <Tip label={label} keys={keys}>
      <Button aria-label={label} look={look} size={size} {...props} />
    </Tip>
  )
}
