import { defineConfig } from 'vitest/config'

// Two files at a time, since much of each is waiting; each of the two has a service of its own.
export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    globalSetup: 'e2e/service.ts',
    maxWorkers: 2,
    // A machine that is shared may be too slow once.
    retry: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000 } },
  },
})
