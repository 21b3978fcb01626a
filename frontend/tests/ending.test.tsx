import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { badEndingOf, writtenBy } from '@/protocol/ending'
import type { Call } from '@/protocol/state'
import { freshCall } from '@/protocol/working-copy'
import { EndingText } from '@/tool-views/bad-ending'

const TOOLS = join(import.meta.dirname, '../../backend/factotum/tools/builtin')
const TIMED_OUT = '[timed out: ended with all its processes after 60 s; do less at once]'

function ended(output: string, changes: Partial<Call> = {}): Call {
  return { ...freshCall('c', 'r'), name: 'shell', state: 'ok', output, ...changes }
}

test.each([
  ['a.txt\n[exit code 0]', {}, null],
  ['(no output)\n[exit code 1]', {}, 1],
  ['[exit code 127]', {}, 127],
  ["no\n[exit code 2; the session 's1' has ended]", {}, 2],
  ['Traceback\nZeroDivisionError: division by zero\n[exit code 1]', { name: 'run_python' }, 1],
  ['b\n[exit code 3]', { name: 'shell_output' }, 3],
  ['b\n[exit code 3]', { name: 'shell_input' }, 3],
  [`half\n${TIMED_OUT}`, {}, 'timed out'],
  ["[still running in the session 's1'; shell_kill ends it]", {}, null],
  ['4', { name: 'run_python' }, null],
  // What only looks like it: above the last line, in another tool's result, or in the middle of a line.
  ['[exit code 1]\n[exit code 0]', {}, null],
  ['[exit code 1]', { name: 'read_file' }, null],
  ['so it said [exit code 1]', { name: 'run_python' }, null],
  // What did not run has no exit code, whatever it says.
  ['[exit code 1]', { state: 'error' }, null],
  ['[exit code 1]', { state: 'running' }, null],
] satisfies [string, Partial<Call>, unknown][])('%j of %j ended: %j', (output, changes, ending) => {
  expect(badEndingOf(ended(output, changes))).toBe(ending)
})

test('the tools still write it so', () => {
  for (const name of ['shell', 'python', 'session_run'])
    expect(readFileSync(join(TOOLS, `${name}.py`), 'utf8'), name).toMatch(/"\[?exit code \{/)
  for (const name of ['shell', 'python'])
    expect(readFileSync(join(TOOLS, `${name}.py`), 'utf8'), name).toContain('"[timed out: ended')
})

test('a terminal shows what was written, in its colours, and no exit code', () => {
  expect(writtenBy(ended('a\nb\n[exit code 0]'))).toBe('a\nb')
  expect(writtenBy(ended('a\n[exit code 1]', { display: '\u001b[32ma\u001b[0m\n[exit code 1]' }))).toBe(
    '\u001b[32ma\u001b[0m',
  )
  expect(writtenBy(ended('[exit code 1]'))).toBe('')
  const goesOn = "a\n[exit code 2; the session 's1' has ended]"
  expect(writtenBy(ended(goesOn))).toBe(goesOn)
  expect(writtenBy(ended(`a\n${TIMED_OUT}`))).toBe('a')
  expect(writtenBy(ended('', { state: 'running', tail: 'so far\n[exit code 1]' }))).toBe('so far\n[exit code 1]')
})

test('it is short to look at and whole to listen to', () => {
  expect(renderToStaticMarkup(<EndingText ending={1} />)).toBe(
    '<span aria-hidden="true">exit 1</span><span class="sr-only">ended with exit code 1</span>',
  )
  expect(renderToStaticMarkup(<EndingText ending="timed out" />)).toBe('timed out')
})
