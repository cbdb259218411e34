import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { WorkerExit } from '../../environment/index.ts'
import { leftByItself, type StartHosted } from './hosted-worker.ts'
import { pauseProcess } from './stuck-process.ts'
import type { FromWorker } from './worker-messages.ts'
import { workerVariables } from './worker-variables.ts'

const inspectorLine = /Debugger listening on (ws:\/\/\S+)/
const inspectorTalk =
  /^(Debugger listening|For help, see: https:\/\/nodejs|Debugger attached|Debugger ending)/
/** What V8 writes before it gives up on a full heap: said in the worker's exit, so not shown too. */
const heapReportStart = '<--- Last few GCs --->'
const stderrTailMax = 16 * 1024

export const forkProcess: StartHosted = (entry, limits, events) => {
  const child = fork(fileURLToPath(entry), [], {
    serialization: 'advanced',
    env: workerVariables(),
    execArgv: executionArguments(limits.heapBytesMax),
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    // Ctrl+C reaches a whole group of processes: who started this one tells it to stop, in order.
    detached: process.platform !== 'win32',
  })
  const stderr = followStandardError(child)
  let spawnError: Error | undefined
  child.on('message', (message: FromWorker) => events.onMessage(message))
  child.on('error', (error) => {
    spawnError = error
    if (child.pid === undefined) events.onExit({ reason: 'crashed', error })
  })
  // `close` and not `exit`: messages and standard error have been read to their ends by then.
  child.on('close', (exitCode, signal) => {
    events.onExit(processExit(exitCode, signal, stderr.tail(), spawnError))
  })
  return {
    send(message) {
      if (child.connected) child.send(message)
    },
    async kill() {
      child.kill('SIGKILL')
    },
    whereStuck: (signal) => pauseProcess(child, stderr.inspectorAddress, signal),
    residentBytes: () => residentBytes(child.pid),
  }
}

function executionArguments(heapBytesMax: number | undefined): string[] {
  // Port 0: the inspector is off, and takes a free port once it is asked for by signal.
  const always = ['--inspect-port=127.0.0.1:0', '--disable-warning=ExperimentalWarning']
  if (heapBytesMax === undefined) return always
  return [...always, `--max-old-space-size=${Math.max(8, Math.ceil(heapBytesMax / 2 ** 20))}`]
}

function processExit(
  exitCode: number | null,
  signal: string | null,
  tail: string,
  spawnError?: Error,
): WorkerExit {
  if (spawnError) return { reason: 'crashed', error: { name: spawnError.name, message: spawnError.message } }
  if (tail.includes('JavaScript heap out of memory')) {
    return {
      reason: 'heap-exhausted',
      error: { name: 'HeapExhausted', message: 'the heap limit was reached' },
    }
  }
  if (signal !== null) return { reason: 'crashed', error: { name: 'Signal', message: `ended by ${signal}` } }
  const left = leftByItself(exitCode ?? undefined)
  return tail.trim() === '' ? left : { ...left, error: { ...left.error!, stack: tail } }
}

interface FollowedError {
  tail(): string
  /** Resolves when the process says where its inspector listens. */
  readonly inspectorAddress: Promise<string>
}

function followStandardError(child: ChildProcess): FollowedError {
  let tail = ''
  let partial = ''
  let isReporting = false
  let found: (address: string) => void = () => undefined
  const inspectorAddress = new Promise<string>((resolve) => {
    found = resolve
  })
  child.stderr?.setEncoding('utf8')
  child.stderr?.on('data', (text: string) => {
    tail = (tail + text).slice(-stderrTailMax)
    const lines = (partial + text).split('\n')
    partial = lines.pop() ?? ''
    for (const line of lines) {
      const address = inspectorLine.exec(line)
      if (address) found(address[1]!)
      isReporting ||= line === heapReportStart
      if (!isReporting && !inspectorTalk.test(line)) process.stderr.write(`${line}\n`)
    }
  })
  return { tail: () => tail, inspectorAddress }
}

/** Of a process on Linux; undefined elsewhere, where it tells it itself, and once it has ended. */
export function residentBytes(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return match ? Number(match[1]) * 1024 : undefined
  } catch {
    return undefined // it has just ended
  }
}
