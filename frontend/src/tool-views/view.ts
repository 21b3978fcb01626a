/** How a tool shows in the thread: verb, target and what stands below when it is opened. */
import type { LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Call } from '@/protocol/state'
import { t } from '@/words'
import type { en } from '@/words/en'

export interface ToolView {
  readonly icon: LucideIcon
  /** The arguments that may say what it is done to. */
  readonly of: readonly string[]
  /** "Run", as in "Run python3 primes.py". */
  readonly verb: string
  /** What it is done to, on one line; empty where that is not known yet. */
  readonly target: (call: Call) => string
  /** What it does in plain words, while it is done and afterwards: "Writing primes.py", "Wrote primes.py". */
  readonly plain: (call: Call) => readonly [doing: string, done: string]
  /** Whether the target is people's language, not a machine's. */
  readonly prose: boolean
  /** What the open card shows. */
  readonly Detail: ComponentType<{ call: Call }>
  /** What stands beside the row, open or not. */
  readonly Aside?: ComponentType<{ call: Call }>
  /** The tab of the side panel that shows more of it. */
  readonly panel: 'terminal' | 'browser' | 'files' | null
  /** The argument that names the one file that it is about. */
  readonly file?: string
}

type Words = typeof en.tools
/** The tools that have words of their own. */
export type Told = { [Name in keyof Words]: Words[Name] extends { verb: string } ? Name : never }[keyof Words]

/** A tool that is told in its own words. `of`: the arguments that may say what it is done to; the first that does. */
export function told(
  tool: Told,
  icon: LucideIcon,
  of: readonly string[],
  more: Pick<ToolView, 'Detail' | 'panel'> & Partial<Pick<ToolView, 'prose' | 'target' | 'file'>>,
): ToolView {
  return {
    icon,
    of,
    get verb() {
      return t(`tools.${tool}.verb`)
    },
    plain: (call) => {
      const name = fileName(call, t('tools.aFile'))
      return [t(`tools.${tool}.doing`, { name }), t(`tools.${tool}.done`, { name })]
    },
    target: (call) => {
      const text = of.map((name) => argument(call, name)).find((one) => one !== '') ?? ''
      return more.prose === true ? unmarked(text) : text
    },
    prose: false,
    ...more,
  }
}

/** The last part of an argument that is a path; `otherwise` while it is not known. */
export function fileName(call: Call, otherwise: string): string {
  const name = argument(call, 'path').split('/').at(-1) ?? ''
  return name === '' ? otherwise : name
}

/** What people wrote, on one line: without the marks that make markdown of it. */
export function unmarked(text: string): string {
  return text.replace(/\*\*|__|`|^#+ /g, '')
}

/** An argument as text, on one line. */
export function argument(call: Call, name: string): string {
  const value = call.arguments[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value).replace(/\s+/g, ' ').trim() : ''
}
