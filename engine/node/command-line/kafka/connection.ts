/** What `topics`, `records` and `groups` share: which brokers, and clients that are closed whatever happens. */
import type { ConnectionOptions } from '../../../client/api.ts'
import { parseProperties, securityOf } from '../../../client/security-properties.ts'
import type { Environment } from '../../../environment/index.ts'
import { Connections } from '../../../host/records/connections.ts'
import { createNodeEnvironment } from '../../environment/index.ts'
import { addresses, usage } from '../arguments.ts'
import { absolute } from '../folders.ts'
import type { Output } from '../output.ts'

/** Where the studio's own cluster is, and many another one. */
const bootstrapDefault = '127.0.0.1:9092'
/** A person waits: brokers that do not answer for so long are not there. */
const requestTimeoutMs = 10_000
const noticeAfterMs = 2000

export const clusterHelp = `  --bootstrap A,B,C   brokers of the cluster; default KAFKA_BOOTSTRAP_SERVERS, or ${bootstrapDefault}
  --command-config FILE
                      how to sign in, as Kafka's tools take it: security.protocol, sasl.*, ssl.* in PEM`

export const clusterOptions = { bootstrap: { type: 'string' }, 'command-config': { type: 'string' } } as const

export interface ClusterValues {
  readonly bootstrap?: string | undefined
  readonly 'command-config'?: string | undefined
}

export interface Kafka {
  readonly environment: Environment
  readonly options: ConnectionOptions
  /** Of these options. */
  readonly connections: Connections
}

/** @throws MillraceError BAD_USAGE for what are no addresses; BAD_OPTION, FILE_NOT_FOUND for the way to sign in */
export async function connected(
  command: string,
  { bootstrap, 'command-config': file }: ClusterValues,
  output: Output,
  work: (kafka: Kafka) => Promise<void>,
): Promise<void> {
  const given = addresses(command, bootstrap ?? (process.env.KAFKA_BOOTSTRAP_SERVERS || bootstrapDefault))
  const environment = createNodeEnvironment()
  const read = async (path: string) => (await environment.disk.readFile(absolute(path))).toString('utf8')
  const security = file === undefined ? {} : await securityOf(parseProperties(await read(file)), read)
  const options = { clientId: `millrace-${command}`, requestTimeoutMs, ...security }
  const connections = new Connections(environment, () => given, options)
  const notice = environment.timers.after(noticeAfterMs, () => {
    if (output.isSilent) process.stderr.write(`no answer yet from ${given.join(', ')}\n`)
  })
  try {
    await work({ environment, options: { ...options, bootstrap: given }, connections })
  } finally {
    notice.cancel()
    await connections.close()
  }
}

/** The word that says what to do, one of `actions`, and what stands behind it. @throws MillraceError BAD_USAGE */
export function actionOf<Action extends string>(
  command: string,
  actions: readonly Action[],
  positionals: readonly string[],
): { readonly action: Action; readonly names: readonly string[] } {
  const [word, ...names] = positionals
  const action = actions.find((one) => one === word)
  if (action !== undefined) return { action, names }
  const choices = actions.join(', ')
  throw usage(command, word === undefined ? `say what to do: ${choices}` : `"${word}" is none of ${choices}`)
}

/** @throws MillraceError BAD_USAGE when there is none */
export function someOf<T>(command: string, what: string, names: readonly T[]): readonly T[] {
  if (names.length === 0) throw usage(command, `${what} is missing`)
  return names
}

/** @throws MillraceError BAD_USAGE when there is not exactly one */
export function oneOf(command: string, what: string, names: readonly string[]): string {
  noneOf(command, someOf(command, what, names).slice(1))
  return names[0]!
}

/** @throws MillraceError BAD_USAGE when there is one */
export function noneOf(command: string, names: readonly string[]): void {
  if (names.length > 0) throw usage(command, `Unexpected argument '${names[0]}'`)
}

/** `3`, `0,2`, or several times; undefined for all. @throws MillraceError BAD_USAGE */
export function partitionsOf(command: string, given: readonly string[] | undefined): number[] | undefined {
  return given?.flatMap((text) =>
    text.split(',').map((part) => {
      if (/^\d+$/.test(part.trim())) return Number(part)
      throw usage(command, `--partition takes numbers such as 3 or 0,2, not "${text}"`)
    }),
  )
}
