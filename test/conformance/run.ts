/** `npm run test:conformance -- --cases DIR`: every case of the folder; what is not supported yet counts as failed, and is listed apart. */
import { parseArgs } from 'node:util'
import { readCases } from './case.ts'
import { checkCase } from './check.ts'

const { values } = parseArgs({ options: { cases: { type: 'string' } } })
const folder = values.cases ?? new URL('cases', import.meta.url).pathname
const cases = await readCases(folder)
const unsupported = new Map<string, string[]>()
let passed = 0
let failed = 0
for (const golden of cases) {
  const verdict = checkCase(golden)
  if (verdict.type === 'passed') passed++
  else failed++
  if (verdict.type === 'failed') {
    const quirk = golden.quirk === undefined ? '' : ` (quirk ${golden.quirk})`
    console.log(`failed ${golden.group}/${golden.id}${quirk}: ${golden.why}\n  ${verdict.difference}`)
  }
  if (verdict.type === 'unsupported') {
    unsupported.set(verdict.needs, [
      ...(unsupported.get(verdict.needs) ?? []),
      `${golden.group}/${golden.id}`,
    ])
  }
}
for (const [needs, ids] of unsupported)
  console.log(`unsupported ${needs}: ${ids.length} cases: ${ids.join(', ')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
