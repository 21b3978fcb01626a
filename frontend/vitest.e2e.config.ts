import { defineConfig } from 'vitest/config'

// One service and one browser for all: the files run one after the other.
export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    globalSetup: 'e2e/service.ts',
    fileParallelism: false,
    // A machine that is shared may be too slow once.
    retry: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
