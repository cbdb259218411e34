/** `millrace broker` as other programs start it: a child process of the built command line, spoken to by its JSON lines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

/** `MILLRACE_COMMAND_LINE` names another one, such as the source in place of what is built from it. */
const commandLine =
  process.env.MILLRACE_COMMAND_LINE ?? path.resolve(import.meta.dirname, '../../.build/engine/millrace.mjs')

export interface MillraceBroker {
  /** Comma-separated. */
  readonly bootstrap: string
  /** Milliseconds from spawning the process to its `ready` line. */
  readonly readyAfterMs: number
  /** A line on its standard input, such as `kill 2`; resolves with the answer. */
  command(line: string): Promise<string>
  stop(): Promise<void>
}

export async function startMillraceBroker(options: {
  brokers: number
  args?: readonly string[]
}): Promise<MillraceBroker> {
  const startedMs = performance.now()
  const args = [
    commandLine,
    'broker',
    '--json',
    '--brokers',
    String(options.brokers),
    '--port',
    '0',
    ...(options.args ?? []),
  ]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const first = await lines.next()
  if (first.done) throw new Error('millrace broker ended before it was ready')
  const ready = JSON.parse(first.value) as { event: string; bootstrap: string[] }
  return {
    bootstrap: ready.bootstrap.join(','),
    readyAfterMs: performance.now() - startedMs,
    async command(line) {
      child.stdin.write(`${line}\n`)
      const answer = await lines.next()
      return String(answer.value)
    },
    async stop() {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      await closed
    },
  }
}
