import { MillraceError } from '../../base/errors.ts'
import type { Disk, ServerTlsOptions } from '../../environment/index.ts'
import type { BrokerSettings } from '../settings/broker-settings.ts'
import { type PlainUsers, plainUsers } from './sasl/plain.ts'

export interface SaslRules {
  readonly mechanisms: readonly string[]
  readonly plainUsers: PlainUsers
}

/** What a listener asks of its clients. */
export interface ListenerSecurity {
  readonly tls: ServerTlsOptions | undefined
  readonly sasl: SaslRules | undefined
}

/** By the settings of Kafka's names. @throws MillraceError INVALID_CONFIG, FILE_NOT_FOUND, NO_PERMISSION */
export async function listenerSecurity(
  settings: BrokerSettings,
  disk: Pick<Disk, 'readFile'>,
): Promise<ListenerSecurity> {
  const protocol = settings.text('listeners').replace('://', '')
  return {
    tls: protocol.endsWith('SSL') ? await tlsOf(settings, disk) : undefined,
    sasl: protocol.startsWith('SASL') ? saslOf(settings, protocol.toLowerCase()) : undefined,
  }
}

async function tlsOf(settings: BrokerSettings, disk: Pick<Disk, 'readFile'>): Promise<ServerTlsOptions> {
  const text = async (name: string, location: string) => {
    const file = settings.text(location)
    return file === '' ? settings.text(name) : (await disk.readFile(file)).toString('utf8')
  }
  const certificate = await text('ssl.keystore.certificate.chain', 'ssl.keystore.location')
  const key = await text('ssl.keystore.key', 'ssl.keystore.location')
  if (certificate === '' || key === '') {
    throw incomplete(
      'a listener with TLS has no certificate',
      'ssl.keystore.location',
      'name a PEM file with the key and the certificate there',
    )
  }
  const ca = await text('ssl.truststore.certificates', 'ssl.truststore.location')
  const clientCertificate = settings.text('ssl.client.auth') as ServerTlsOptions['clientCertificate']
  const keyPassword = settings.text('ssl.key.password')
  return {
    certificate,
    key,
    clientCertificate,
    ...(ca === '' ? {} : { ca }),
    ...(keyPassword === '' ? {} : { keyPassword }),
  }
}

function saslOf(settings: BrokerSettings, listener: string): SaslRules {
  const mechanisms = settings.list('sasl.enabled.mechanisms')
  const setting = `listener.name.${listener}.plain.sasl.jaas.config`
  const users = plainUsers(settings.text(setting))
  if (mechanisms.length === 0 || (mechanisms.includes('PLAIN') && users.size === 0)) {
    throw incomplete('nobody could sign in by PLAIN', setting, 'give at least one user_NAME="PASSWORD"')
  }
  return { mechanisms, plainUsers: users }
}

function incomplete(what: string, where: string, remedy: string): MillraceError {
  return new MillraceError({ code: 'INVALID_CONFIG', what, where, remedy })
}
