import { describe, expect, test } from 'vitest'
import { reduce } from '@/protocol/reduce'
import { EMPTY } from '@/protocol/state'
import type { Call } from '@/protocol/state'
import { freshCall } from '@/protocol/working-copy'
import { viewOf } from '@/tool-views'
import { RUN, stamped, wholeRun } from './events'

const frame = { type: 'browser.frame', call_id: 'c1', address: 'https://a.test/', title: 'A' } as const

describe('the browser of a run', () => {
  test('its newest page is known, and which picture of it', () => {
    const state = reduce(EMPTY, stamped([...wholeRun().slice(0, 4), frame, { ...frame, title: 'B' }]))
    expect(state.runs.get(RUN)?.browser).toEqual({ address: 'https://a.test/', title: 'B', seq: 6 })
    expect(reduce(EMPTY, wholeRun()).runs.get(RUN)?.browser).toBeNull()
  })

  test('its tools say what they act on, and where more of it is', () => {
    const call = (name: string, values: Record<string, unknown>): Call => ({
      ...freshCall('c', RUN),
      name,
      arguments: values,
      state: 'ok',
    })
    const click = call('browser_click', { element: 'e12', text: '' })
    expect(viewOf(click)).toMatchObject({ verb: 'Click', panel: 'browser' })
    expect(viewOf(click).target(click)).toBe('e12')
    const open = call('browser_go_to', { url: 'https://a.test/' })
    expect(viewOf(open).target(open)).toBe('https://a.test/')
    expect(viewOf(open).plain(open)).toEqual(['Opening a page', 'Opened a page'])
  })
})
