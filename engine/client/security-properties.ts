import { MillraceError } from '../base/errors.ts'
import type { TlsOptions } from '../environment/network.ts'
import type { ConnectionOptions, PasswordSaslOptions } from './api.ts'

/** `name=value` a line, as Java's properties have it, without their escapes: `#` begins a comment, `\` at the end goes on. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const lines = text.replace(/\\\r?\n\s*/g, '').split(/\r?\n/)
  const entries = lines.flatMap((line) => {
    const [, name, value] = /^\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : ([[name, value]] as const)
  })
  return new Map(entries)
}

const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/**
 * How to sign in, from what Kafka's own clients are given: security.protocol, sasl.mechanism, sasl.jaas.config, and ssl.* in
 * PEM, as texts or as files. Other properties are for others, and left alone.
 * @throws MillraceError BAD_OPTION, or what `readFile` throws
 */
export async function securityOf(
  properties: ReadonlyMap<string, string>,
  readFile: (path: string) => Promise<string>,
): Promise<Pick<ConnectionOptions, 'tls' | 'sasl'>> {
  const protocol = properties.get('security.protocol') ?? 'PLAINTEXT'
  if (!protocols.includes(protocol)) throw bad('security.protocol', `give one of ${protocols.join(', ')}`)
  return {
    ...(protocol.endsWith('SSL') ? { tls: await tlsOf(properties, readFile) } : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOf(properties) } : {}),
  }
}

async function tlsOf(
  properties: ReadonlyMap<string, string>,
  readFile: (path: string) => Promise<string>,
): Promise<TlsOptions> {
  for (const name of ['ssl.keystore.type', 'ssl.truststore.type']) {
    if ((properties.get(name) ?? 'PEM') !== 'PEM') throw bad(name, 'give PEM: other stores are not read')
  }
  const text = async (name: string, location: string) => {
    const file = properties.get(location)
    return file === undefined ? properties.get(name) : readFile(file)
  }
  const ca = await text('ssl.truststore.certificates', 'ssl.truststore.location')
  const certificate = await text('ssl.keystore.certificate.chain', 'ssl.keystore.location')
  const key = await text('ssl.keystore.key', 'ssl.keystore.location')
  const keyPassword = properties.get('ssl.key.password')
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(keyPassword === undefined ? {} : { keyPassword }),
  }
}

function saslOf(properties: ReadonlyMap<string, string>): PasswordSaslOptions {
  const asked = properties.get('sasl.mechanism')
  const mechanism = mechanisms.find((each) => each === asked)
  if (mechanism === undefined) throw bad('sasl.mechanism', `give one of ${mechanisms.join(', ')}`)
  const jaas = properties.get('sasl.jaas.config') ?? ''
  const username = attribute(jaas, 'username')
  const password = attribute(jaas, 'password')
  if (username === undefined || password === undefined) {
    throw bad('sasl.jaas.config', 'give username="…" and password="…" in it')
  }
  return { mechanism, username, password }
}

function attribute(jaas: string, name: string): string | undefined {
  const [, quoted, bare] =
    new RegExp(`\\b${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`).exec(jaas) ?? []
  return quoted?.replace(/\\(.)/g, '$1') ?? bare
}

function bad(name: string, remedy: string): MillraceError {
  return new MillraceError({
    code: 'BAD_OPTION',
    what: `the property ${name} can't be used`,
    where: name,
    remedy,
  })
}
