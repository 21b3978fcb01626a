/** Joins class names; of two that contradict each other the later one counts. */
import { clsx } from 'clsx'
import type { ClassValue } from 'clsx'
import { extendTailwindMerge } from 'tailwind-merge'

const merge = extendTailwindMerge({ extend: { classGroups: { 'font-size': [{ text: ['ui'] }] } } })

export function cn(...names: ClassValue[]): string {
  return merge(clsx(names))
}
