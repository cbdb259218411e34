/**
 * A client in another language: a program that is given the brokers, takes one request a line on its standard input and
 * answers with one line each, in any order. What a member of a group reads it tells in lines of their own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ForeignClient, GroupProtocol, ReadRecord } from './foreign-client.ts'

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** Of a member of a group. */
interface ReadLine {
  readonly member: number
  readonly records: readonly ReadRecord[]
}

export interface ProgramOptions {
  readonly name: string
  readonly version: string
  readonly isIdempotent: boolean
  readonly readsCommitted: boolean
  readonly groupProtocols: readonly GroupProtocol[]
  readonly hasTransactions: boolean
  missing(): Promise<string | undefined>
  /** Makes it ready to run: command and arguments, to which the brokers are added. */
  prepare(): Promise<readonly string[]>
}

export function programClient(options: ProgramOptions): ForeignClient {
  const { name, version, isIdempotent, readsCommitted, groupProtocols, hasTransactions } = options
  const running = new Map<string, Promise<Program>>()
  const at = (bootstrap: string): Promise<Program> => {
    const program =
      running.get(bootstrap) ?? options.prepare().then((command) => new Program(name, command, bootstrap))
    running.set(bootstrap, program)
    return program
  }
  const ask = async <T>(bootstrap: string, op: string, args: object): Promise<T> =>
    (await at(bootstrap)).ask<T>(op, args)
  const withTransactions: Pick<ForeignClient, 'transactional' | 'copy'> = {
    async transactional(bootstrap, transactionalId) {
      const handle = await ask<number>(bootstrap, 'transactional', { transactionalId })
      return {
        send: (topic, values) => ask(bootstrap, 'send', { handle, topic, values }),
        end: (outcome) => ask(bootstrap, 'end', { handle, outcome }),
        close: () => ask(bootstrap, 'close', { handle }),
      }
    },
    copy: (bootstrap, task) => ask(bootstrap, 'copy', task),
  }
  return {
    name,
    version,
    isIdempotent,
    readsCommitted,
    groupProtocols,
    missing: () => options.missing(),
    produce: (bootstrap, topic, records, how) => ask(bootstrap, 'produce', { topic, records, ...how }),
    consume: (bootstrap, topic, count, isolation) =>
      ask(bootstrap, 'consume', { topic, count, committed: isolation === 'read_committed' }),
    async join(bootstrap, topic, groupId, protocol) {
      const program = await at(bootstrap)
      const handle = await program.ask<number>('join', { topic, groupId, protocol })
      return { read: program.readBy(handle), leave: () => program.ask('leave', { handle }) }
    },
    offsetsAt: (bootstrap, topic, partitions, timestampMs) =>
      ask(bootstrap, 'offsetsAt', { topic, partitions, timestampMs }),
    admin: (bootstrap) => ({
      create: (topic, partitions, configs) => ask(bootstrap, 'createTopic', { topic, partitions, configs }),
      topics: () => ask(bootstrap, 'topics', {}),
      config: (topic, config) => ask(bootstrap, 'config', { topic, config }),
      configure: (topic, config, value) => ask(bootstrap, 'configure', { topic, config, value }),
      grow: (topic, partitions) => ask(bootstrap, 'grow', { topic, partitions }),
      delete: (topic) => ask(bootstrap, 'deleteTopic', { topic }),
      groups: () => ask(bootstrap, 'groups', {}),
    }),
    ...(hasTransactions ? withTransactions : {}),
    async close() {
      const programs = await Promise.all(running.values())
      running.clear()
      await Promise.all(programs.map((program) => program.end()))
    },
  }
}

class Program {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #asked = new Map<number, { resolve(result: unknown): void; reject(why: Error): void }>()
  readonly #read = new Map<number, ReadRecord[]>()
  #complaints = ''
  #ids = 0

  constructor(name: string, command: readonly string[], bootstrap: string) {
    this.#name = name
    const child = spawn(command[0]!, [...command.slice(1), bootstrap], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line))
    child.stderr.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + String(chunk)).slice(-4000)
    })
    child.once('error', (thrown) => this.#failAll(thrown.message))
    child.once('close', (code, signal) => this.#failAll(`it ended with ${code ?? signal}`))
  }

  ask<T>(op: string, args: object): Promise<T> {
    const id = ++this.#ids
    return new Promise<T>((resolve, reject) => {
      this.#asked.set(id, { resolve: (result) => resolve(result as T), reject })
      this.#child.stdin!.write(`${JSON.stringify({ id, op, ...args })}\n`)
    })
  }

  readBy(member: number): ReadRecord[] {
    const read = this.#read.get(member) ?? []
    this.#read.set(member, read)
    return read
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }

  #take(line: string): void {
    const said = JSON.parse(line) as Answer | ReadLine
    if ('member' in said) {
      this.readBy(said.member).push(...said.records)
      return
    }
    const asked = this.#asked.get(said.id)
    this.#asked.delete(said.id)
    if (said.error === undefined) asked?.resolve(said.result)
    else asked?.reject(new Error(`${this.#name}: ${said.error}`))
  }

  #failAll(why: string): void {
    for (const { reject } of this.#asked.values())
      reject(new Error(`${this.#name}: ${why}\n${this.#complaints}`))
    this.#asked.clear()
  }
}
