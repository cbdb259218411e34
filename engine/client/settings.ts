import { MillraceError } from '../base/errors.ts'
import type { Address, TlsOptions } from '../environment/network.ts'
import type { ConnectionOptions, SaslOptions } from './api.ts'
import type { BackoffPolicy } from './backoff.ts'

/** `ConnectionOptions` checked and with every default filled in. */
export interface ConnectionSettings extends BackoffPolicy {
  readonly bootstrap: readonly Address[]
  readonly clientId: string
  readonly requestTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly metadataMaxAgeMs: number
  readonly tls: TlsOptions | undefined
  readonly sasl: SaslOptions | undefined
}

/** @throws MillraceError BAD_ADDRESS, BAD_OPTION */
export function connectionSettings(options: ConnectionOptions): ConnectionSettings {
  if (options.bootstrap.length === 0) throw badOption('bootstrap', 'give at least one host:port')
  return {
    bootstrap: options.bootstrap.map(parseAddress),
    clientId: options.clientId ?? 'millrace',
    requestTimeoutMs: positive('requestTimeoutMs', options.requestTimeoutMs ?? 30_000),
    connectTimeoutMs: positive('connectTimeoutMs', options.connectTimeoutMs ?? 10_000),
    retryBackoffMs: positive('retryBackoffMs', options.retryBackoffMs ?? 100),
    retryBackoffMaxMs: positive('retryBackoffMaxMs', options.retryBackoffMaxMs ?? 1000),
    metadataMaxAgeMs: positive('metadataMaxAgeMs', options.metadataMaxAgeMs ?? 300_000),
    tls: options.tls,
    sasl: options.sasl && checkedSasl(options.sasl),
  }
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']

function checkedSasl(sasl: SaslOptions): SaslOptions {
  if (!mechanisms.includes(sasl.mechanism)) throw badOption('sasl', `give one of ${mechanisms.join(', ')}`)
  if (sasl.mechanism !== 'OAUTHBEARER' && sasl.username === '') throw badOption('sasl', 'give a username')
  return sasl
}

/** `host:port` or `[v6]:port`. @throws MillraceError BAD_ADDRESS */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text.trim())
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new MillraceError({
      code: 'BAD_ADDRESS',
      what: `"${text}" is not the address of a broker`,
      remedy: 'write host:port, such as 127.0.0.1:9092',
    })
  }
  return { host, port }
}

export function positive(name: string, value: number): number {
  if (!(value > 0)) throw badOption(name, `it is ${value}: give a number above 0`)
  return value
}

export function atLeast(name: string, value: number, least: number): number {
  if (!(value >= least)) throw badOption(name, `it is ${value}: give ${least} or more`)
  return value
}

export function badOption(name: string, remedy: string): MillraceError {
  return new MillraceError({
    code: 'BAD_OPTION',
    what: `the option ${name} can't be used`,
    where: name,
    remedy,
  })
}
