/** Commands. */
import { SquareTerminal } from 'lucide-react'
import type { Call } from '@/protocol/state'
import { Code } from '@/ui/markdown/code'
import { t } from '@/words'
import { Output } from './detail'
import type { ToolView } from './view'
import { argument } from './view'

function Detail({ call }: { call: Call }) {
  const command = call.arguments.command
  return (
    <>
      {typeof command === 'string' && (
        <Code code={command.slice(0, 4000)} language="bash" className="max-h-48 border-b" />
      )}
      <Output call={call} />
    </>
  )
}

export const shellView: ToolView = {
  icon: SquareTerminal,
  get verb() {
    return t('tools.shell.verb')
  },
  plain: () => [t('tools.shell.doing'), t('tools.shell.done')],
  target: (call) => argument(call, 'command'),
  prose: false,
  Detail,
  panel: 'terminal',
}
