// Writes src/protocol/api.ts from the service's own description of its API. With --check it only compares.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const backend = new URL('../../backend/', import.meta.url)
const target = new URL('../src/protocol/api.ts', import.meta.url)
const describe = 'import json; from factotum.api.main import app; print(json.dumps(app.openapi()))'

const description = execFileSync(new URL('.venv/bin/python', backend).pathname, ['-c', describe], {
  cwd: backend,
  env: { ...process.env, PYTHONPATH: backend.pathname },
  encoding: 'utf8',
  maxBuffer: 64_000_000,
})
const types = astToString(await openapiTS(JSON.parse(description)))
const text = `// Made from the service's OpenAPI description by \`npm run api\`. Do not edit.\n${types}`

if (!process.argv.includes('--check')) {
  writeFileSync(target, text)
} else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/protocol/api.ts differs from the API of the service: run `make page-api` and commit the result.')
  process.exit(1)
}
