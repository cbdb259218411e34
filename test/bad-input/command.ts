/** `millrace` as a person starts it: a real process, its own folder for temporary files, its output as it comes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const main = path.resolve(import.meta.dirname, '../../engine/node/command-line/main.ts')

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
  /** What it left among the temporary files. */
  readonly left: readonly string[]
}

export interface CommandOptions {
  /** Another user, where this one is root. */
  readonly uid?: number
  readonly cwd?: string
  /** For its temporary files; the caller's. Default: one of its own, which is removed. */
  readonly temporary?: string
}

const running = new Set<ChildProcess>()
// A test that fails leaves its command behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class Command {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  #out = ''
  #err = ''
  #wake: () => void = () => undefined

  constructor(args: readonly string[], { uid, cwd, temporary: given }: CommandOptions = {}) {
    const temporary = given ?? mkdtempSync(path.join(tmpdir(), 'bad-input-'))
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, TMPDIR: temporary },
      // A group of its own, as a terminal gives to each command.
      detached: true,
      cwd,
      uid,
    })
    this.process = child
    running.add(child)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
      this.#wake()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text
      this.#wake()
    })
    this.ended = new Promise((resolve) => {
      child.on('close', (status, signal) => {
        running.delete(child)
        const left = readdirSync(temporary)
        if (given === undefined) rmSync(temporary, { recursive: true, force: true })
        resolve({ status, signal, out: this.#out, err: this.#err, left })
        this.#wake()
      })
    })
  }

  get out(): string {
    return this.#out
  }

  get err(): string {
    return this.#err
  }

  type(line: string): void {
    this.process.stdin?.write(`${line}\n`)
  }

  /** Waits for a line of standard output or error; gives the match. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#out) ?? pattern.exec(this.#err)
      if (found) return found
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`it ended without saying ${pattern}: ${this.#out}${this.#err}`)
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** As Ctrl+C does it: every process of the group gets the signal. */
  interrupt(): Promise<Ended> {
    process.kill(-this.process.pid!, 'SIGINT')
    return this.ended
  }

  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.process.kill(signal)
    return this.ended
  }
}

export function millrace(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return new Command(args, options).ended
}

/** Commands that can be at it together without harm. */
export function millraceEach(all: readonly (readonly string[])[]): Promise<Ended[]> {
  return Promise.all(all.map((args) => millrace(args)))
}

/** Standard output of a command that was asked for JSON. Throws for a line that is none. */
export function jsonLines(out: string): Record<string, unknown>[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** Of a run: the last line that it prints in JSON. Throws when that is no summary. */
export function summaryOf(out: string): { reason: string; nodes: Record<string, Record<string, number>> } {
  const last = jsonLines(out).at(-1)
  if (last?.event !== 'summary') throw new Error(`no summary at the end: ${out}`)
  return last as { reason: string; nodes: Record<string, Record<string, number>> } & Record<string, unknown>
}

/** `error CODE: what, where: what to do` */
export const errorLine = /^error [A-Z][A-Z0-9_-]+: .+, .+: .+\n$/
