// `npm test`: set-up, then every check and test. Its last line is `N passed, N failed`.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { buildFolder, checkout, modulesFolder } from './paths.mjs'
import { prepare } from './prepare.mjs'

await prepare()
const { build } = await import('./build.mjs')
const { ensureChromium } = await import('./chromium.mjs')

const totals = { passed: 0, failed: 0 }
const failures = []

for (const part of ['engine', 'renderer', 'electron', 'test']) {
  await check(`types of ${part}`, [path.join(modulesFolder, 'typescript-native', 'bin', 'tsc'), '-p', part])
}
await check('format and lint', [
  path.join(modulesFolder, '@biomejs', 'biome', 'bin', 'biome'),
  'check',
  '--error-on-warnings',
  '.',
])
await check('nothing unused', [path.join(modulesFolder, 'knip', 'bin', 'knip.js')])
await built()
await vitest('unit and integration tests', 'test/vitest.config.ts')
const chromium = ensureChromium()
if (chromium.path)
  await vitest('end-to-end specs', 'test/end-to-end/vitest.config.ts', { CHROMIUM_PATH: chromium.path })
else process.stdout.write(`SKIPPED the browser specs (end-to-end): ${chromium.reason}\n`)

for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`)
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`)
process.exitCode = totals.failed === 0 ? 0 : 1

/** One check is one test: passed when the command ends with 0. */
async function check(name, args) {
  count(name, (await run(args)) === 0)
}

async function built() {
  try {
    await build()
    count('the build', true)
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    count('the build', false)
  }
}

function count(name, ok) {
  totals[ok ? 'passed' : 'failed'] += 1
  if (!ok) failures.push(name)
  process.stdout.write(`${ok ? 'ok' : 'FAILED'}  ${name}\n`)
}

async function vitest(name, config, environment = {}) {
  process.stdout.write(`\n${name}\n`)
  const report = path.join(buildFolder, 'test', `${path.basename(path.dirname(config))}.json`)
  mkdirSync(path.dirname(report), { recursive: true })
  rmSync(report, { force: true })
  const vitestMain = path.join(modulesFolder, 'vitest', 'vitest.mjs')
  const status = await run(
    [
      vitestMain,
      'run',
      '--config',
      config,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    environment,
  )
  if (!existsSync(report)) return count(name, false)
  const result = JSON.parse(readFileSync(report, 'utf8'))
  totals.passed += result.numPassedTests
  totals.failed += result.numFailedTests
  for (const file of result.testResults) {
    for (const test of file.assertionResults)
      if (test.status === 'failed') failures.push(`${path.relative(checkout, file.name)}: ${test.fullName}`)
  }
  // A file that could not be loaded, or an error outside of any test, fails the run without a failed test.
  if (status !== 0 && result.numFailedTests === 0) count(name, false)
}

function run(args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: checkout,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environment },
    })
    child.on('close', (status) => resolve(status ?? 1))
  })
}
