// @vitest-environment jsdom
import { beforeAll, describe, expect, test } from 'vitest'
import { wrongField } from '@/features/settings/wrong-field'
import { ApiError } from '@/runtime/api'
import { withWords } from '@/words'
import { NEW_AGENT, draftOf, leaveOf, placeOf, settingsOf, withLeave } from '../src/protocol/agents'
import type { Agent, UsageItem } from '../src/protocol/types'
import { everyDay, firstDay, niceTop } from '../src/protocol/usage'

const TOOLS = new Set(['shell', 'read_file', 'delete_file'])

function agent(settings: Agent['settings']): Agent {
  return {
    id: 'a',
    account_id: 'b',
    name: 'Analyst',
    model: null,
    instructions: 'Be brief.',
    settings,
    created_at: '2026-11-22T10:00:00Z',
  }
}

describe('agents', () => {
  test('a new agent stores nothing that says nothing', () => {
    expect(settingsOf(NEW_AGENT)).toEqual({})
  })

  test('what is stored comes back as it was, also what the form does not know', () => {
    const settings = {
      policy: { deny: ['delete_file', 'mcp:*'], ask: ['shell', 'shell(git push*)'], allow: ['mcp:x:*'] },
      network: { mode: 'allow', hosts: ['pypi.org', '*.github.com'] },
      fallback_models: ['openai/x'],
    }
    const draft = draftOf(agent(settings), TOOLS)
    expect([...TOOLS].map((name) => leaveOf(draft, name))).toEqual(['ask', 'allow', 'deny'])
    expect(draft.patterns).toEqual({ allow: 'mcp:x:*', ask: 'shell(git push*)', deny: 'mcp:*' })
    expect(settingsOf(draft)).toEqual(settings)
  })

  test('the strictest rule of a tool is the one that is shown', () => {
    const draft = draftOf(agent({ policy: { allow: ['shell'], ask: ['shell'], deny: ['shell'] } }), TOOLS)
    expect(leaveOf(draft, 'shell')).toBe('deny')
  })

  test('beside a default of refusal the tools that may be used are named', () => {
    const draft = withLeave({ ...NEW_AGENT, otherwise: 'deny' }, 'read_file', 'allow')
    expect(settingsOf(draft)).toEqual({ policy: { allow: ['read_file'], default: 'deny' } })
    expect(settingsOf({ ...withLeave(draft, 'read_file', 'deny'), otherwise: 'deny' })).toEqual({
      policy: { default: 'deny' },
    })
  })

  test('hosts count for one mode only, blank lines not at all', () => {
    const hosts = ' pypi.org \n\n'
    expect(settingsOf({ ...NEW_AGENT, network: 'allow', hosts })).toEqual({
      network: { mode: 'allow', hosts: ['pypi.org'] },
    })
    expect(settingsOf({ ...NEW_AGENT, network: 'off', hosts })).toEqual({ network: { mode: 'off', hosts: [] } })
  })
})

describe('what the service finds wrong in an agent', () => {
  beforeAll(() => withWords(Promise.resolve()))

  const draft = {
    ...withLeave(NEW_AGENT, 'shell', 'ask'),
    patterns: { allow: '', ask: ' files.* \n\nshell(', deny: 'no pattern' },
    network: 'allow' as const,
    hosts: 'pypi.org\nhttp://x',
  }
  const refused = (...fields: string[]): ApiError =>
    new ApiError(
      422,
      'invalid_policy',
      'settings.x: no.',
      '',
      fields.map((field) => ({ field, problem: 'Too many.' })),
    )

  test.each([
    ['name', 'name', null],
    ['model', 'model', null],
    // The list begins with the tools that were chosen by name.
    ['settings.policy.ask.1', 'ask', 'files.*'],
    ['settings.policy.ask.2', 'ask', 'shell('],
    ['settings.policy.ask', 'ask', null],
    ['settings.policy.deny.0', 'deny', 'no pattern'],
    ['settings.network.hosts.1', 'hosts', 'http://x'],
    ['settings.network.hosts.9', 'hosts', null],
  ])('%s stands in %s', (path, field, value) => {
    expect(placeOf(draft, path)).toEqual({ field, value })
  })

  test('is said at its field in the words of the page', () => {
    expect(wrongField(draft, refused('settings.policy.ask.2'))).toEqual({
      field: 'ask',
      problem: expect.stringMatching(/^“shell\(” is no pattern\. Write the name of a tool/) as string,
    })
    expect(wrongField(draft, refused('settings.network.hosts.1'))?.problem).toMatch(/^“http:\/\/x” is no host/)
    expect(wrongField(draft, refused('model'))?.problem).toMatch(/^This model cannot be used/)
    expect(wrongField(draft, refused('settings.policy.deny'))).toEqual({ field: 'deny', problem: 'Too many.' })
    const long = { ...draft, hosts: 'x'.repeat(300) }
    expect(wrongField(long, refused('settings.network.hosts.0'))?.problem).toContain(`“${'x'.repeat(60)}…”`)
  })

  test('is no matter of a field where the form has none', () => {
    expect(wrongField(draft, refused('settings.fallback_models.0'))).toBeNull()
    expect(wrongField(draft, refused())).toBeNull()
    expect(wrongField(draft, new TypeError('x'))).toBeNull()
  })
})

describe('usage', () => {
  const item: UsageItem = {
    key: '2026-03-01',
    name: '2026-03-01',
    runs: 2,
    steps: 3,
    input_tokens: 90,
    cached_tokens: 40,
    output_tokens: 10,
    cost_usd: null,
    unpriced_runs: 2,
  }

  test('every day is there, over the ends of months', () => {
    const first = firstDay('2026-03-02', 4)
    expect(first).toBe('2026-02-27')
    const days = everyDay(first, '2026-03-02', [item])
    expect(days.map(({ date, tokens, runs }) => [date, tokens, runs])).toEqual([
      ['2026-02-27', 0, 0],
      ['2026-02-28', 0, 0],
      ['2026-03-01', 100, 2],
      ['2026-03-02', 0, 0],
    ])
  })

  test('an axis ends with a round number that nothing passes', () => {
    expect([0, 1, 1.1, 2.5, 3, 7, 99, 100, 101, 0.03].map(niceTop)).toEqual([1, 1, 2, 2.5, 5, 10, 100, 100, 200, 0.05])
  })
})
