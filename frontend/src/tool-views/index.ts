/** Which tool shows how. A tool that is not known here shows its name, its arguments and its result. */
import { CircleHelp, Clock, ListTodo, PackageCheck, ScrollText, Wrench } from 'lucide-react'
import type { Call } from '@/protocol/state'
import { t } from '@/words'
import { Output, Raw } from './detail'
import { browserViews } from './browser'
import { fileViews } from './files'
import { publishedViews } from './published'
import { shellViews } from './shell'
import { argument, told, unmarked } from './view'
import type { ToolView } from './view'
import { webViews } from './web'

export { Raw } from './detail'

/** What is people's language, and stands in the thread alone. */
const SAID = { Detail: Output, panel: null, prose: true } as const

const VIEWS: Readonly<Record<string, ToolView>> = {
  ...browserViews,
  ...fileViews,
  ...publishedViews,
  ...shellViews,
  ...webViews,
  ask: told('ask', CircleHelp, ['question'], { ...SAID, target: answered }),
  complete: told('complete', PackageCheck, ['summary'], SAID),
  update_plan: told('update_plan', ListTodo, [], { ...SAID, target: planned }),
  expand_output: told('expand_output', ScrollText, [], SAID),
  get_datetime: told('get_datetime', Clock, ['timezone'], SAID),
}

export function viewOf(call: Call): ToolView {
  return (
    VIEWS[call.name] ?? {
      icon: Wrench,
      of: [],
      verb: sentence(call.name),
      plain: (of) => {
        const name = sentence(of.name).toLowerCase()
        return [t('tools.unknown.doing', { name }), t('tools.unknown.done', { name })]
      },
      target: (of) =>
        Object.keys(of.arguments)
          .map((name) => argument(of, name))
          .find((text) => text !== '') ?? '',
      prose: false,
      Detail: Raw,
      panel: null,
    }
  )
}

/** What a call is given, what says most of it first. */
export function argumentsOf(tool: string, given: Call['arguments']): [name: string, value: unknown][] {
  const first = VIEWS[tool]?.of ?? []
  const rank = ([name]: [string, unknown]): number => (first.includes(name) ? first.indexOf(name) : first.length)
  return Object.entries(given).sort((one, other) => rank(one) - rank(other))
}

function sentence(name: string): string {
  const words = name.replaceAll(/[_-]+/g, ' ').trim()
  return words === '' ? t('tools.unnamed') : words.charAt(0).toUpperCase() + words.slice(1)
}

/** What was asked, and what a person said to it. */
function answered(call: Call): string {
  const question = unmarked(argument(call, 'question'))
  const [answer = ''] = call.state === 'ok' ? call.output.trim().split('\n') : []
  return answer === '' ? question : `${question} → ${answer}`
}

/** The step that a plan is at. */
function planned(call: Call): string {
  const items: unknown = call.arguments.items
  if (!Array.isArray(items)) return ''
  const steps = items.filter(
    (item): item is { text: string; status: string } =>
      typeof item === 'object' && item !== null && 'text' in item && 'status' in item,
  )
  const active = steps.find((step) => step.status === 'active')
  if (active !== undefined) return active.text
  const done = steps.filter((step) => step.status === 'done' || step.status === 'skipped').length
  return t('tools.stepsDone', { done, count: steps.length })
}
