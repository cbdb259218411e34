import type { Setting } from './setting.ts'

const intMax = 2 ** 31 - 1

function secret(name: string, documentation: string): Setting {
  return { name, type: 'password', fallback: '', documentation }
}

function place(name: string, documentation: string): Setting {
  return { name, type: 'string', fallback: '', documentation }
}

function duration(name: string, fallback: number, documentation: string): Setting {
  return { name, type: 'long', fallback: String(fallback), min: 0, max: intMax, documentation }
}

/** Who may come in by a broker's port, and how. */
export const securitySettings: readonly Setting[] = [
  {
    name: 'listeners',
    type: 'string',
    fallback: 'PLAINTEXT://',
    oneOf: ['PLAINTEXT://', 'SSL://', 'SASL_PLAINTEXT://', 'SASL_SSL://'],
    documentation:
      'The security protocol of the one listener that each broker has; its host and port are given when the cluster is started.',
  },
  {
    name: 'sasl.enabled.mechanisms',
    type: 'list',
    fallback: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    oneOf: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
    documentation: 'The ways to sign in.',
  },
  ...['sasl_plaintext', 'sasl_ssl'].map((listener) =>
    secret(
      `listener.name.${listener}.plain.sasl.jaas.config`,
      'The users of PLAIN, as Kafka’s PlainLoginModule takes them: user_NAME="PASSWORD", one after the other.',
    ),
  ),
  duration('connections.max.reauth.ms', 0, 'After so long clients have to sign in anew; 0: never.'),
  duration(
    'connection.failed.authentication.delay.ms',
    100,
    'How long the answer to a failed sign-in is held back.',
  ),
  {
    name: 'sasl.server.max.receive.size',
    type: 'int',
    fallback: String(512 * 1024),
    min: 1,
    max: intMax,
    documentation: 'The largest request of a client that has not signed in.',
  },
  {
    name: 'ssl.client.auth',
    type: 'string',
    fallback: 'none',
    oneOf: ['none', 'requested', 'required'],
    documentation: 'Whether clients show certificates.',
  },
  {
    name: 'ssl.keystore.type',
    type: 'string',
    fallback: 'PEM',
    oneOf: ['PEM'],
    documentation: 'How the certificate and its key are kept: only PEM is read.',
  },
  {
    name: 'ssl.truststore.type',
    type: 'string',
    fallback: 'PEM',
    oneOf: ['PEM'],
    documentation: 'How the certificates that are trusted are kept: only PEM is read.',
  },
  place('ssl.keystore.location', 'A file with the key and the certificates, in place of the texts.'),
  place('ssl.truststore.location', 'A file with the certificates that are trusted, in place of the text.'),
  secret('ssl.keystore.certificate.chain', 'The certificate, with those above it, in PEM.'),
  secret('ssl.keystore.key', 'The key of the certificate, in PEM.'),
  secret('ssl.key.password', 'The password of the key.'),
  secret('ssl.truststore.certificates', 'The certificates of whom to trust, in PEM.'),
]
