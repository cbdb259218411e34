/**
 * `npm run test:interop`: foreign clients on our broker, our client and runtime on Apache Kafka. Ends with a table of
 * clients and features, what was skipped for want of which tool, and `N passed, N failed`. Arguments go to vitest.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { apacheKafkaMissing } from './apache-kafka.ts'
import { type Feature, features, featuresOf } from './foreign/features.ts'
import { foreignClients } from './foreign/index.ts'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

const checkout = path.resolve(import.meta.dirname, '../..')
const reportFile = path.join(checkout, '.build/test/interop.json')

const status = await runVitest()
if (!existsSync(reportFile)) finish(0, 1)
const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
printMatrix(report)
printFiles(report)
await printSkipped()
// An error outside of any test fails the run without a failed test.
const { numPassedTests, numFailedTests } = report
finish(numPassedTests, status !== 0 && numFailedTests === 0 ? 1 : numFailedTests)

function runVitest(): Promise<number> {
  mkdirSync(path.dirname(reportFile), { recursive: true })
  rmSync(reportFile, { force: true })
  const child = spawn(
    process.execPath,
    [
      path.join(checkout, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      'test/interop/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...process.argv.slice(2),
    ],
    { cwd: checkout, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
}

/** Features down, clients across: `ok` where all tests of a feature passed, `-` for what a client does not have. */
function printMatrix({ testResults }: Report): void {
  const file = testResults.find(({ name }) => name.endsWith('foreign-clients.test.ts'))
  if (file === undefined) return
  const clients = foreignClients.map(({ name }) => name)
  const wide = Math.max(...Object.values(features).map((heading) => heading.length))
  const line = (first: string, cells: readonly string[]) =>
    `${first.padEnd(wide)}  ${cells.map((cell, index) => cell.padEnd(clients[index]!.length)).join('  ')}\n`
  process.stdout.write(`\nForeign clients on millrace broker\n${line('', clients)}`)
  process.stdout.write(
    line(
      'version',
      foreignClients.map(({ version }) => version ?? ''),
    ),
  )
  for (const [feature, heading] of Object.entries(features) as [Feature, string][]) {
    const cells = foreignClients.map((client) => {
      if (!featuresOf(client).has(feature)) return '-'
      const outcomes = file.assertionResults
        .filter(({ ancestorTitles: [name, of] }) => name === client.name && of === feature)
        .map(({ status: outcome }) => outcome)
      if (outcomes.includes('failed')) return 'FAILED'
      return outcomes.includes('passed') ? 'ok' : 'skipped'
    })
    process.stdout.write(line(heading, cells))
  }
}

function printFiles({ testResults }: Report): void {
  process.stdout.write('\n')
  for (const { name, assertionResults } of testResults) {
    const count = (wanted: (outcome: string) => boolean) =>
      assertionResults.filter(({ status: outcome }) => wanted(outcome)).length
    const passed = count((outcome) => outcome === 'passed')
    const failed = count((outcome) => outcome === 'failed')
    const skipped = assertionResults.length - passed - failed
    const file = path.relative(checkout, name)
    process.stdout.write(`${file}: ${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  }
}

async function printSkipped(): Promise<void> {
  const noKafka = await apacheKafkaMissing()
  if (noKafka !== undefined) process.stdout.write(`SKIPPED all on Apache Kafka: ${noKafka}\n`)
  for (const client of foreignClients) {
    const reason = await client.missing()
    if (reason !== undefined) process.stdout.write(`SKIPPED ${client.name}: ${reason}\n`)
  }
}

function finish(passed: number, failed: number): never {
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exit(failed === 0 ? 0 : 1)
}
