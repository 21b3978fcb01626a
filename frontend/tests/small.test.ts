// @vitest-environment jsdom
import { describe, expect, test } from 'vitest'
import { parseCsv } from '@/features/computer/csv'
import { withFiles } from '@/features/composer/draft'
import { parseAnsi } from '@/ui/ansi'
import { bytes, duration, money, tokens } from '@/ui/format'

describe('terminal output', () => {
  test('colours and weights', () => {
    expect(parseAnsi('\u001b[1;32mok\u001b[0m then \u001b[38;5;9mx')).toEqual([
      { text: 'ok', colour: 'ok', bold: true, dim: false },
      { text: ' then x', colour: null, bold: false, dim: false },
    ])
  })
  test('other sequences are dropped, and a line that was written anew shows its last form', () => {
    expect(parseAnsi('\u001b]0;title\u0007\u001b[2K10%\r100%\r\n').map((piece) => piece.text)).toEqual(['100%\n'])
    expect(parseAnsi('a\n\u001b[31m10%\u001b[0m of it\r\u001b[32m100%\u001b[0m\nb\r\n')).toEqual([
      { text: 'a\n', colour: null, bold: false, dim: false },
      { text: '100%', colour: 'ok', bold: false, dim: false },
      { text: '\nb\n', colour: null, bold: false, dim: false },
    ])
  })
})

test('comma-separated values', () => {
  expect(parseCsv('a,b\r\n"x, ""y""\nz",2\n', null, 10)).toEqual([
    ['a', 'b'],
    ['x, "y"\nz', '2'],
  ])
  expect(parseCsv('a;b\n1;2', null, 10)).toEqual([
    ['a', 'b'],
    ['1', '2'],
  ])
  expect(parseCsv('a\nb\nc\n', null, 2)).toHaveLength(2)
})

test('two files of one name both go along', () => {
  const names = withFiles([new File(['1'], 'a.txt')], [new File(['2'], 'a.txt'), new File(['3'], 'a.txt')])
  expect(names.map((file) => file.name)).toEqual(['a.txt', 'a-2.txt', 'a-3.txt'])
})

test('numbers as people read them', () => {
  expect([bytes(999), bytes(1500), bytes(28_400), bytes(999_700)]).toEqual(['999 B', '1.5 kB', '28 kB', '1.0 MB'])
  expect([duration(40), duration(5230), duration(61_000), duration(3_700_000)]).toEqual([
    '40 ms',
    '5.2 s',
    '1 min 1 s',
    '1 h 1 min',
  ])
  expect([tokens(999), tokens(5930), tokens(128_000)]).toEqual(['999', '5.9k', '128k'])
  expect([money(0), money(0.0012), money(1.5)]).toEqual(['$0.00', '$0.0012', '$1.50'])
})
