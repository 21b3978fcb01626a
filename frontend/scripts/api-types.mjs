// Writes src/protocol/api.ts from the service's own description of its API. It is made anew for every check, and
// needed for nothing else: the page's build and tests drop types.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
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
writeFileSync(target, astToString(await openapiTS(JSON.parse(description))))
