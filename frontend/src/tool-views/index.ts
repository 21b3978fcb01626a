/** Which tool shows how. A tool that is not known here shows its name, its arguments and its result. */
import { CircleHelp, ListTodo, PackageCheck, Wrench } from 'lucide-react'
import type { Call } from '@/protocol/state'
import { t } from '@/words'
import { Output, Raw } from './detail'
import { browserViews } from './browser'
import { fileViews } from './files'
import { publishedViews } from './published'
import { shellView } from './shell'
import type { ToolView } from './view'
import { argument } from './view'

export { Raw } from './detail'

const VIEWS: Readonly<Record<string, ToolView>> = {
  ...browserViews,
  ...fileViews,
  ...publishedViews,
  shell: shellView,
  ask: {
    icon: CircleHelp,
    get verb() {
      return t('tools.ask.verb')
    },
    plain: () => [t('tools.ask.doing'), t('tools.ask.done')],
    target: (call) => argument(call, 'question'),
    prose: true,
    Detail: Output,
    panel: null,
  },
  complete: {
    icon: PackageCheck,
    get verb() {
      return t('tools.complete.verb')
    },
    plain: () => [t('tools.complete.doing'), t('tools.complete.done')],
    target: (call) => argument(call, 'summary'),
    prose: true,
    Detail: Output,
    panel: null,
  },
  update_plan: {
    icon: ListTodo,
    get verb() {
      return t('tools.update_plan.verb')
    },
    plain: () => [t('tools.update_plan.doing'), t('tools.update_plan.done')],
    target: planned,
    prose: true,
    Detail: Output,
    panel: null,
  },
}

export function viewOf(call: Call): ToolView {
  return (
    VIEWS[call.name] ?? {
      icon: Wrench,
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

function sentence(name: string): string {
  const words = name.replaceAll(/[_-]+/g, ' ').trim()
  return words === '' ? t('tools.unnamed') : words.charAt(0).toUpperCase() + words.slice(1)
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
  return t('tools.stepsDone', { done, all: steps.length })
}
