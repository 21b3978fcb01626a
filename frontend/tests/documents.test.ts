import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileChanges } from '@/protocol/changes'
import { toMarkdown } from '@/protocol/export'
import { sourcesOf } from '@/protocol/sources'
import type { Call } from '@/protocol/state'
import { freshCall } from '@/protocol/working-copy'
import { counted, diff, shortened } from '@/ui/diff-lines'
import { message } from './events'

function call(name: string, given: Record<string, unknown>, state: Call['state'] = 'ok'): Call {
  return { ...freshCall(`${name}${JSON.stringify(given)}`, 'r'), name, arguments: given, state }
}

test('a diff holds both texts, whole', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
  fc.assert(
    fc.property(lines, lines, (one, other) => {
      const [before, after] = [one, other].map((some) => some.map((line) => `${line}\n`).join(''))
      const found = diff(before ?? '', after ?? '')
      const side = (kind: 'added' | 'removed'): string =>
        found
          .filter((line) => line.kind === 'same' || line.kind === kind)
          .map(({ text }) => `${text}\n`)
          .join('')
      expect(side('removed')).toBe(before)
      expect(side('added')).toBe(after)
    }),
  )
})

test('a diff is as short as it can be, and leaves out what is far from a change', () => {
  const text = Array.from({ length: 40 }, (_, n) => `line ${String(n)}\n`)
  const changed = text.with(20, 'new\n')
  const found = diff(text.join(''), changed.join(''))
  expect(counted(found)).toEqual({ added: 1, removed: 1 })
  const short = shortened(found)
  expect(short).toHaveLength(10)
  expect(short[0]?.kind).toBe('gap')
  expect(short.find(({ kind }) => kind === 'added')).toMatchObject({ text: 'new', after: 21, before: null })
})

test('changes are those that the agent made, from the first to the last', () => {
  const changes = fileChanges([
    call('create_file', { path: './a.txt', content: 'one\ntwo\ntwo\n' }),
    call('str_replace', { path: 'a.txt', old_text: 'two', new_text: '$&', occurrence: 2 }),
    call('str_replace', { path: 'a.txt', old_text: 'one', new_text: 'no' }, 'error'),
    call('str_replace', { path: 'b.txt', old_text: 'x', new_text: 'y' }),
    call('create_file', { path: 'gone.txt', content: 'z' }),
    call('delete_file', { path: 'gone.txt' }),
    call('delete_file', { path: 'old.txt' }),
    call('rewrite_file', { path: 'c.txt', content: 'c' }),
    call('str_replace', { path: 'c.txt', old_text: 'c', new_text: 'd', occurrence: 'all' }),
    call('shell', { command: 'ls' }),
  ])
  expect(changes).toEqual([
    { path: 'a.txt', kind: 'made', before: '', after: 'one\ntwo\n$&\n', parts: [] },
    { path: 'b.txt', kind: 'changed', before: '', after: null, parts: [{ before: 'x', after: 'y' }] },
    { path: 'old.txt', kind: 'deleted', before: '', after: '', parts: [] },
    { path: 'c.txt', kind: 'changed', before: '', after: 'd', parts: [] },
  ])
})

test('what is edited by a diff, added and moved is among the changes', () => {
  const diff = '@@ -5,2 +5,2 @@\n same\n-two\n+2\n@@ -9,0 +9 @@\n+end\n'
  const text = 'same\ntwo\n\n\nsame\ntwo\n\n\nlast\n'
  expect(
    fileChanges([
      call('create_file', { path: 'a.txt', content: text }),
      call('edit_file', { path: 'a.txt', diff }),
      call('append_file', { path: 'a.txt', content: 'more\n' }),
      call('move_file', { path: 'a.txt', target: './b.txt' }),
      call('edit_file', { path: 'known-to-nobody.txt', diff: '--- a\n+++ b\n@@\n one\n-two\n' }),
      call('append_file', { path: 'known-to-nobody.txt', content: 'x\n' }),
      { ...call('append_file', { path: 'new.txt', content: 'n' }), output: 'Created new.txt (1 byte).' },
      call('rewrite_file', { path: 'else.txt', content: 'other\n' }),
      call('edit_file', { path: 'else.txt', diff: '@@ -1 +1 @@\n-gone\n+here\n' }),
    ]),
  ).toEqual([
    { path: 'b.txt', kind: 'made', before: '', after: 'same\ntwo\n\n\nsame\n2\n\n\nlast\nend\nmore\n', parts: [] },
    {
      path: 'known-to-nobody.txt',
      kind: 'changed',
      before: '',
      after: null,
      parts: [
        { before: 'one\ntwo\n', after: 'one\n' },
        { before: '', after: 'x\n' },
      ],
    },
    { path: 'new.txt', kind: 'made', before: '', after: 'n', parts: [] },
    { path: 'else.txt', kind: 'changed', before: '', after: null, parts: [{ before: 'gone\n', after: 'here\n' }] },
  ])
})

test('sources are the pages that a text links to, each once', () => {
  const text =
    'See [Primes](https://example.com/primes "t"), ![no](https://example.com/x.png), [1](https://www.example.org/a_b(c)), ' +
    'https://example.net/some-page. and [again](https://example.com/primes); `https://example.com/code`\n' +
    '```\nhttps://example.com/fenced\n```\n[no](javascript:alert(1)) [2](https://www.example.org/a_b(c))'
  expect(sourcesOf(text)).toEqual([
    { url: 'https://example.com/primes', host: 'example.com', title: 'Primes' },
    { url: 'https://www.example.org/a_b(c)', host: 'example.org', title: 'a b(c)' },
    { url: 'https://example.net/some-page', host: 'example.net', title: 'some page' },
  ])
})

const WORDS = {
  untitled: 'Untitled',
  you: 'You',
  agent: 'Agent',
  result: (outcome: string) => `Result (${outcome})`,
  summarised: 'Summarised:',
}

test('a thread is written down with who said what, and fences hold what they hold', () => {
  const text = toMarkdown(
    { title: 'Files' },
    [
      message('a', 1, 'user', [{ type: 'text', text: 'Show it', cut: null, seams: [] }]),
      message('b', 2, 'assistant', [
        { type: 'reasoning', text: 'Well,\nlook.', signed: null },
        {
          type: 'tool_call',
          call_id: 'c',
          name: 'shell',
          arguments: { command: 'cat a.md' },
          dialect: 'native',
          raw: '',
          fault: null,
          seams: [],
        },
      ]),
      message('c', 3, 'tool', [
        {
          type: 'tool_result',
          call_id: 'c',
          name: 'shell',
          output: '```\nx\n```\n',
          display: null,
          outcome: 'ok',
          images: [],
        },
      ]),
    ],
    WORDS,
  )
  expect(text).toBe(
    '# Files\n\n## You\n\nShow it\n\n## Agent\n\n> Well,\n> look.\n\n**shell**\n\n```json\n{\n  "command": "cat a.md"\n}\n```\n\n' +
      '*Result (ok)*\n\n````\n```\nx\n```\n````\n',
  )
})
