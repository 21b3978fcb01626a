import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { Call } from '@/protocol/state'
import { freshCall } from '@/protocol/working-copy'
import { viewOf } from '@/tool-views'
import { addressOf } from '@/tool-views/published'

const FINISHED: Call = {
  ...freshCall('c', 'r'),
  name: 'deploy',
  arguments: { folder: 'dist', name: 'site' },
  state: 'ok',
  output: 'Deployed dist as site: https://site-0a1b2c.pages.dev\n3 files, 0.1 MB.',
}
const PORT: Call = {
  ...FINISHED,
  name: 'expose_port',
  arguments: { port: 8000 },
  output: 'Port 8000 of the sandbox is shown at http://p-abc.localhost:4123/ until 2026-11-22 18:00 UTC.',
}

test('the address is the one that the tool gave', () => {
  expect(addressOf(FINISHED)).toBe('https://site-0a1b2c.pages.dev')
  expect(addressOf(PORT)).toBe('http://p-abc.localhost:4123/')
})

test.each([
  ['one that runs', { ...FINISHED, state: 'running' }],
  ['one that failed', { ...FINISHED, state: 'error' }],
  ['a later line', { ...FINISHED, output: `No.\n${FINISHED.output}` }],
  ['another scheme', { ...FINISHED, output: 'Deployed dist as site: javascript:alert(1)' }],
  ['no address', { ...PORT, output: 'Port 8000 of the sandbox is shown at once.' }],
  ['what cannot be read', { ...FINISHED, output: 'Deployed dist as site: http://[ ' }],
] satisfies [string, Call][])('there is none in %s', (_, call) => {
  expect(addressOf(call)).toBeNull()
})

test('a folder whose name looks like an answer does not choose the address', () => {
  const output = 'Deployed a as b: https://evil.example as site: https://site.pages.dev\n'
  expect(addressOf({ ...FINISHED, output })).toBe('https://site.pages.dev')
})

test.each([
  [FINISHED, 'https://site-0a1b2c.pages.dev', 'Open site', 'dist'],
  [PORT, 'http://p-abc.localhost:4123/', 'Open port 8000', 'port 8000'],
])('it is a link that opens apart, beside the row and in it', (call, address, name, target) => {
  const { Aside, Detail, target: of } = viewOf(call)
  expect(of(call)).toBe(target)
  const beside = Aside === undefined ? '' : renderToStaticMarkup(<Aside call={call} />)
  expect(beside).toContain(name)
  for (const shown of [beside, renderToStaticMarkup(<Detail call={call} />)]) {
    expect(shown).toContain(`href="${address}"`)
    expect(shown).toContain('target="_blank"')
    expect(shown).toContain('rel="noopener noreferrer"')
  }
  expect(Aside === undefined ? '' : renderToStaticMarkup(<Aside call={{ ...call, state: 'running' }} />)).toBe('')
})
