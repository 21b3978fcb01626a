/** Commands, the sessions they run in, and Python. */
import { Code2, SquareTerminal } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Call } from '@/protocol/state'
import { Code } from '@/ui/markdown/code'
import { Output } from './detail'
import { told } from './view'
import type { Told, ToolView } from './view'

const MOST = 4000

/** What was run, in its colours, and what came of it. */
function program(name: string, language: string): ComponentType<{ call: Call }> {
  return function Program({ call }) {
    const code = call.arguments[name]
    return (
      <>
        {typeof code === 'string' && (
          <Code code={code.slice(0, MOST)} language={language} className="max-h-48 border-b" />
        )}
        <Output call={call} />
      </>
    )
  }
}

function session(tool: Told, of: readonly string[]): ToolView {
  return told(tool, SquareTerminal, of, { Detail: Output, panel: null })
}

export const shellViews = {
  shell: told('shell', SquareTerminal, ['command'], { Detail: program('command', 'bash'), panel: 'terminal' }),
  run_python: told('run_python', Code2, ['code'], { Detail: program('code', 'python'), panel: null }),
  shell_output: session('shell_output', ['session']),
  shell_input: session('shell_input', ['text', 'session']),
  shell_kill: session('shell_kill', ['session']),
  shell_sessions: session('shell_sessions', []),
}
