// @vitest-environment jsdom
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Call } from '@/protocol/state'
import { freshCall } from '@/protocol/working-copy'
import { argumentsOf, viewOf } from '@/tool-views'

const TOOLS = join(import.meta.dirname, '../../backend/factotum/tools/builtin')

/** The names of all tools that the service has of its own. */
function names(): string[] {
  const code = readdirSync(TOOLS)
    .filter((name) => name.endsWith('.py'))
    .map((name) => readFileSync(join(TOOLS, name), 'utf8'))
    .join('\n')
  return [...code.matchAll(/@tool\([\s\S]*?async def (\w+)\(/g)].map(([, name]) => name ?? '')
}

function called(name: string, given: Record<string, unknown> = {}): Call {
  return { ...freshCall('c', 'r'), name, arguments: given, state: 'ok' }
}

test('every tool of the service is told in words of its own', () => {
  const all = names()
  expect(all.length).toBeGreaterThan(40)
  for (const name of all)
    expect(viewOf(called(name)).plain(called(name))[1]).not.toBe(`Used ${name.replaceAll('_', ' ')}`)
  expect(viewOf(called('weather_today')).plain(called('weather_today'))).toEqual([
    'Using weather today',
    'Used weather today',
  ])
})

test('a file is named by its last part, and is the one that the panel shows', () => {
  const moved = called('move_file', { path: 'notes/draft.md', target: 'notes/final.md' })
  const { plain, target, file } = viewOf(moved)
  expect([plain(moved)[1], target(moved), file]).toEqual(['Moved draft.md', 'notes/draft.md', 'target'])
  expect(viewOf(called('search_files')).file).toBeUndefined()
})

test('what people write stands without its marks, a question with its answer', () => {
  const asked = called('ask', { question: 'Which **colour** shall `it` be?' })
  const { target } = viewOf(asked)
  expect(target(asked)).toBe('Which colour shall it be?')
  expect(target({ ...asked, output: 'Blue\nas the sea' })).toBe('Which colour shall it be? → Blue')
  const over = called('browser_hand_over', { task: 'Please **sign in**.' })
  expect(viewOf(over).target(over)).toBe('Please sign in.')
  const run = called('shell', { command: 'echo `date` **' })
  expect(viewOf(run).target(run)).toBe('echo `date` **')
})

test('what says most of a call comes first, the others as they are', () => {
  const names = (tool: string): string[] =>
    argumentsOf(tool, { folder: '.', command: 'ls', blocking: true }).map(([name]) => name)
  expect(names('shell')).toEqual(['command', 'folder', 'blocking'])
  expect(names('weather_today')).toEqual(['folder', 'command', 'blocking'])
})
