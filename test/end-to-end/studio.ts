/** The studio as a person starts it: the command line in a process of its own, with data and pipelines that are thrown away. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

const checkout = path.resolve(import.meta.dirname, '../..')

export interface StartedStudio {
  readonly url: string
  /** A folder for this studio's data, copies of samples, exports. */
  readonly folder: string
  readonly pid: number
  /** The folder goes, too. */
  stop(): Promise<void>
  /** As when its process is killed: nothing is tidied up, the folder stays. */
  crash(): Promise<void>
}

export interface StudioChoice {
  /** Of a studio before; else a new one. */
  readonly folder?: string
  readonly port?: number
}

export async function startStudio(choice: StudioChoice = {}): Promise<StartedStudio> {
  const folder = choice.folder ?? (await mkdtemp(path.join(os.tmpdir(), 'millrace-e2e-')))
  const main = path.join(checkout, 'engine/node/command-line/main.ts')
  const port = choice.port === undefined ? [] : ['--port', String(choice.port)]
  const args = [main, 'studio', '--no-open', '--data', path.join(folder, 'data'), ...port]
  const child = spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const url = await printedUrl(child)
  return {
    url,
    folder,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
    async crash() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Processes that a process has started, by `ps`. */
export function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
}

/** A copy of a sample outside the checkout: from elsewhere, as far as the studio knows. */
export async function copySample(name: string, folder: string): Promise<string> {
  const copy = path.join(folder, name)
  await cp(path.join(checkout, 'pipelines', name), copy, { recursive: true })
  return copy
}

function printedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const read = (chunk: Buffer) => {
      text += chunk.toString()
      const url = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(text)?.[0]
      if (url) resolve(url)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (status) =>
      reject(new Error(`the studio ended with status ${status} before it was up:\n${text}`)),
    )
  })
}
