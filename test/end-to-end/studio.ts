/** The studio as a person starts it: the command line in a process of its own, with data and pipelines that are thrown away. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

const checkout = path.resolve(import.meta.dirname, '../..')

export interface StartedStudio {
  readonly url: string
  /** A folder for this studio's data, copies of samples, exports. */
  readonly folder: string
  stop(): Promise<void>
}

export async function startStudio(): Promise<StartedStudio> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-e2e-'))
  const main = path.join(checkout, 'engine/node/command-line/main.ts')
  const child = spawn(process.execPath, [main, 'studio', '--no-open', '--data', path.join(folder, 'data')], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await printedUrl(child)
  return {
    url,
    folder,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
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
