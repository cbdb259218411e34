/** The clients of other languages: how each program is made ready, once. What they need lies in `~/.cache/millrace-peers`. */
import { execFile } from 'node:child_process'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { apacheKafkaMissing, fetchJars, jarFolder, kafkaVersion, peerFolder } from '../apache-kafka.ts'
import type { ForeignClient } from './foreign-client.ts'
import { programClient } from './program.ts'
import { goVersion, pythonVersion } from './versions.ts'

const run = promisify(execFile)
const interop = path.resolve(import.meta.dirname, '..')
const all = { isIdempotent: true, readsCommitted: true, hasTransactions: true }
const bothProtocols = ['classic', 'consumer'] as const

const java = programClient({
  ...all,
  name: "Kafka's Java client",
  version: kafkaVersion,
  groupProtocols: bothProtocols,
  missing: apacheKafkaMissing,
  async prepare() {
    await fetchJars()
    const source = path.join(interop, 'java/Client.java')
    return ['java', '-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', `${jarFolder()}/*`, source]
  },
})

const confluent = programClient({
  ...all,
  name: 'confluent-kafka (Python)',
  version: pythonVersion('confluent-kafka'),
  groupProtocols: bothProtocols,
  missing: confluentMissing,
  async prepare() {
    return [await confluentPython(), path.join(interop, 'python/client.py')]
  },
})

const franz = programClient({
  ...all,
  name: 'franz-go',
  version: goVersion('github.com/twmb/franz-go'),
  groupProtocols: bothProtocols,
  missing: goMissing,
  prepare: () => goProgram('franz'),
})

/** It asks for what is committed alone, but gives out what was aborted as well. */
const segmentio = programClient({
  name: 'segmentio/kafka-go',
  version: goVersion('github.com/segmentio/kafka-go'),
  isIdempotent: false,
  readsCommitted: false,
  hasTransactions: false,
  groupProtocols: ['classic'],
  missing: goMissing,
  prepare: () => goProgram('segmentio'),
})

export const programClients: readonly ForeignClient[] = [java, confluent, franz, segmentio]

async function goMissing(): Promise<string | undefined> {
  return (await answers('go', ['version'])) ? undefined : 'go is not installed'
}

/** Go keeps what it has built: the second time costs next to nothing. */
async function goProgram(name: string): Promise<string[]> {
  const program = path.join(peerFolder(), 'go', name)
  await run('go', ['build', '-o', program, `./${name}`], { cwd: path.join(interop, 'go') })
  return [program]
}

let python: Promise<string> | undefined

/** Why there is no Python with confluent-kafka here, and none can be made. */
export async function confluentMissing(): Promise<string | undefined> {
  return confluentPython().then(
    () => undefined,
    (thrown: Error) => `python3 with confluent-kafka can't be had: ${thrown.message.split('\n')[0]}`,
  )
}

/** A Python with confluent-kafka, in a folder of its own. */
export function confluentPython(): Promise<string> {
  python ??= makePython()
  return python
}

async function makePython(): Promise<string> {
  const folder = path.join(peerFolder(), `python-${pythonVersion('confluent-kafka')}`)
  const program = path.join(folder, 'bin/python')
  if (await answers(program, ['-c', 'import confluent_kafka'])) return program
  await mkdir(peerFolder(), { recursive: true })
  // Under another name until all is there, so that half of it is never taken for the whole.
  const partial = `${folder}.${process.pid}.partial`
  const requirements = path.join(interop, 'python/requirements.txt')
  await run('python3', ['-m', 'venv', partial])
  await run(path.join(partial, 'bin/python'), ['-m', 'pip', 'install', '-q', '-r', requirements])
  await rm(folder, { recursive: true, force: true })
  await rename(partial, folder)
  return program
}

async function answers(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, [...args]).then(
    () => true,
    () => false,
  )
}
