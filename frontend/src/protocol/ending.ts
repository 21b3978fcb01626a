/**
 * How commands ended. Their tools do what they should, and so are `ok`, also where a command was not: then only the
 * last line of the result tells it, such as `[exit code 1]` (backend/factotum/tools/builtin: shell.py, python.py,
 * session_run.py).
 */
import type { Call } from './state'
import { shownOutput } from './state'

/** The exit code of a command that did not end well, or that its time was over. */
export type BadEnding = number | 'timed out'

const COMMANDS: ReadonlySet<string> = new Set(['shell', 'shell_output', 'shell_input', 'run_python'])
const EXIT = /^\[exit code (-?\d+)(?:;.*)?\]$/
const TIMED_OUT = /^\[timed out: .*\]$/

/** Null: it ended well, or goes on, or is no command. */
export function badEndingOf({ name, state, output }: Call): BadEnding | null {
  if (state !== 'ok' || !COMMANDS.has(name)) return null
  const line = lastLine(output)
  if (TIMED_OUT.test(line)) return 'timed out'
  const code = Number(EXIT.exec(line)?.[1] ?? 0)
  return code === 0 ? null : code
}

/** What a command wrote, without the line that tells how it ended: a terminal has none. */
export function writtenBy(call: Call): string {
  const text = shownOutput(call)
  const line = call.state === 'ok' ? lastLine(text) : ''
  const isOver = (EXIT.test(line) && !line.includes(';')) || TIMED_OUT.test(line)
  return isOver ? text.slice(0, -line.length).replace(/\n$/, '') : text
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1)
}
