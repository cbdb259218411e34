/**
 * How long one waits, from spawning the built code: the studio interactive, Run to the first moving edge, the embedded
 * cluster to its first acknowledged record. Absolute, since no peer can be run beside it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'
import { series } from './statistics.ts'

const repetitions = 5
const checkout = path.resolve(import.meta.dirname, '../..')
const goalsMs = {
  'studio interactive': 2000,
  'Run to the first moving edge': 1500,
  'cluster to the first acknowledged record': 300,
}

const figures: Record<keyof typeof goalsMs, number[]> = {
  'studio interactive': [],
  'Run to the first moving edge': [],
  'cluster to the first acknowledged record': [],
}

for (let round = 0; round < repetitions; round++) {
  await measureStudio()
  figures['cluster to the first acknowledged record'].push(await measureCluster())
}
let missed = 0
for (const [what, goal] of Object.entries(goalsMs)) {
  const { median, min, max } = series(figures[what as keyof typeof goalsMs])
  if (median > goal) missed++
  process.stdout.write(
    `${what}: ${median.toFixed(0)} ms (${min.toFixed(0)} … ${max.toFixed(0)}), goal ${goal} ms ${median > goal ? 'MISSED' : 'ok'}\n`,
  )
}
process.exitCode = missed === 0 ? 0 : 1

async function measureStudio(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-bench-'))
  const sample = path.join(folder, 'flight-delays')
  await cp(path.join(checkout, 'pipelines/flight-delays'), sample, { recursive: true })
  // The browser is up beforehand: its own start is not the studio's.
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const startedMs = performance.now()
  const studio = spawn(
    process.execPath,
    ['.build/engine/millrace.mjs', 'studio', sample, '--no-open', '--data', path.join(folder, 'data')],
    {
      cwd: checkout,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  try {
    await page.goto(await addressOf(studio.stdout))
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor()
    figures['studio interactive'].push(performance.now() - startedMs)
    const trust = page.getByRole('button', { name: /trust/i }).first()
    if (await trust.isVisible()) await trust.click()
    const clickedMs = performance.now()
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.locator('path[data-flows="yes"]').first().waitFor({ state: 'attached' })
    figures['Run to the first moving edge'].push(performance.now() - clickedMs)
  } finally {
    const closed = once(studio, 'close')
    studio.kill('SIGTERM')
    await Promise.all([closed, browser.close()])
    await rm(folder, { recursive: true, force: true })
  }
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const address = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(line)?.[0]
    if (address) return address
  }
  throw new Error('the studio ended before it printed its address')
}

/** In a process of its own, from the call that starts the cluster to the acknowledgement. */
async function measureCluster(): Promise<number> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'first-record.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk
  })
  await once(child, 'close')
  return Number(text.trim())
}
