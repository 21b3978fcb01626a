// @vitest-environment jsdom
import { afterEach, describe, expect, test, vi } from 'vitest'
import { apiUrl, configOf, loadConfig, signInHelp } from '@/runtime/config'

afterEach(() => {
  vi.unstubAllGlobals()
})

const ASK = 'Ask the platform team for a token.'

describe('a config', () => {
  test('names the API and how one signs in', () => {
    const { apiBase, signIn } = configOf({
      api_base: 'https://api.example.com/',
      sign_in: { hint: ` ${ASK} `, link: 'https://tokens.example.com/new' },
    })
    expect(apiBase).toBe('https://api.example.com')
    expect(signIn?.hint).toBe(ASK)
    expect(signIn?.link?.href).toBe('https://tokens.example.com/new')
  })

  test.each([
    ['nothing', undefined],
    ['a text', 'sign in'],
    ['a list', [ASK]],
    ['no hint', { link: 'https://tokens.example.com' }],
    ['an empty hint', { hint: '  ' }],
    ['a hint that is no text', { hint: { text: ASK } }],
    ['a hint that is too long', { hint: 'a'.repeat(501) }],
  ])('with %s for signing in has no such help, and the API all the same', (_, sign_in) => {
    expect(configOf({ api_base: 'https://api.example.com', sign_in })).toEqual({
      apiBase: 'https://api.example.com',
      signIn: null,
    })
  })

  test.each([
    'http://tokens.example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://user:word@example.com',
    '/tokens',
    'https://',
    7,
    null,
  ])('with the link %s keeps its hint alone', (link) => {
    expect(configOf({ sign_in: { hint: ASK, link } }).signIn).toEqual({ hint: ASK, link: null })
  })

  test.each([null, 'x', 3, [], { api_base: 7 }])('that is %j is as none', (value) => {
    expect(configOf(value)).toEqual({ apiBase: '', signIn: null })
  })
})

test('a page without a config, or with a broken one, asks its own origin', async () => {
  for (const answer of [new Response('', { status: 404 }), new Response('{ not json')]) {
    vi.stubGlobal('fetch', () => Promise.resolve(answer))
    await loadConfig()
    expect(apiUrl('/v1/me')).toBe('/v1/me')
    expect(signInHelp()).toBeNull()
  }
})
