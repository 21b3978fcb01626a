/** A question about calls that nobody knows the outcome of: they are shown as they are, not as its text tells them. */
import type { Call } from '@/protocol/state'
import { Markdown } from '@/ui/markdown/markdown'
import { CallArguments } from './call-arguments'

export function QuestionText({ text, calls }: { text: string; calls: readonly Call[] }) {
  const [first = ''] = text.split('\n')
  return <Markdown text={calls.length === 0 ? text : first} />
}

export function UnsureCalls({ calls }: { calls: readonly Call[] }) {
  if (calls.length === 0) return null
  return (
    <ul className="mt-3 flex flex-col gap-3">
      {calls.map(({ id, name, arguments: given }) => (
        <li key={id}>
          <div role="group" aria-label={name} className="rounded-sm border p-3">
            <p className="font-medium font-mono text-sm">{name}</p>
            <CallArguments tool={name} given={given} />
          </div>
        </li>
      ))}
    </ul>
  )
}
