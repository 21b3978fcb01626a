// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { ApiError } from '@/runtime/api'

test.each([
  [0, true],
  [404, false],
  [429, false],
  [500, true],
  [501, false],
  [502, true],
  [503, true],
])('a failure with status %i may pass by itself: %s', (status, mayPass) => {
  expect(new ApiError(status, 'code', 'It failed.').mayPass).toBe(mayPass)
})
