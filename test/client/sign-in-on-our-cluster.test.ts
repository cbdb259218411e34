/** Our client's ways to sign in, and TLS with certificates of clients, against our own brokers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAdmin } from '../../engine/client/index.ts'
import { EmbeddedCluster } from '../../engine/cluster/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { alterClientQuotas } from '../../engine/protocol/apis/alter-client-quotas.ts'
import { alterUserScramCredentials } from '../../engine/protocol/apis/alter-user-scram-credentials.ts'
import { describeClientQuotas } from '../../engine/protocol/apis/describe-client-quotas.ts'
import { describeUserScramCredentials } from '../../engine/protocol/apis/describe-user-scram-credentials.ts'
import { metadata } from '../../engine/protocol/apis/metadata.ts'
import { saslAuthenticate } from '../../engine/protocol/apis/sasl-authenticate.ts'
import { saslHandshake } from '../../engine/protocol/apis/sasl-handshake.ts'
import { errorCodes } from '../../engine/protocol/error-codes.ts'
import { FrameSplitter } from '../../engine/protocol/frame-splitter.ts'
import { encodeRequest } from '../../engine/protocol/frames.ts'
import { type Certificates, makeCertificates, opensslMissing } from './certificates.ts'
import { addScramUser, withConnection } from './raw-connection.ts'
import { asAlice, password, sessionMs, signInSuite } from './sign-in-suite.ts'

const missing = await opensslMissing()
if (missing !== undefined) process.stdout.write(`SKIPPED signing in: ${missing}\n`)

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const users = `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="${password}" user_admin="${password}";`
const clusters = new Map<string, EmbeddedCluster>()
let certificates: Certificates

const bootstrap = (protocol: string) => clusters.get(protocol)!.bootstrap
const signedIn = () => ({ bootstrap: bootstrap('SASL_PLAINTEXT'), sasl: asAlice('PLAIN') })

describe.skipIf(missing !== undefined)('our client signs in on our cluster', () => {
  beforeAll(async () => {
    certificates = await makeCertificates()
    const { folder, ca, server } = certificates
    const settings: Record<string, Record<string, string>> = {
      SSL: {
        'ssl.keystore.location': `${folder}/keystore.pem`,
        'ssl.truststore.location': `${folder}/authority.pem`,
        'ssl.client.auth': 'required',
      },
      SASL_SSL: {
        'ssl.keystore.certificate.chain': server.certificate,
        'ssl.keystore.key': server.key,
        'ssl.truststore.certificates': ca,
        'listener.name.sasl_ssl.plain.sasl.jaas.config': users,
      },
      SASL_PLAINTEXT: {
        'connections.max.reauth.ms': String(sessionMs),
        'listener.name.sasl_plaintext.plain.sasl.jaas.config': users,
      },
    }
    for (const [protocol, ownSettings] of Object.entries(settings)) {
      const options = { brokers: 1, settings: { listeners: `${protocol}://`, ...ownSettings } }
      clusters.set(protocol, await EmbeddedCluster.start(() => environment, options))
    }
    await addScramUser(environment, signedIn(), 'alice', password)
    const overTls = { bootstrap: bootstrap('SASL_SSL'), tls: { ca }, sasl: asAlice('PLAIN') }
    await addScramUser(environment, overTls, 'alice', password)
  })
  afterAll(async () => {
    for (const cluster of clusters.values()) await cluster.stop()
    await certificates?.remove()
  })

  signInSuite(environment, () => ({
    certificates,
    bootstrap: {
      SASL_PLAINTEXT: bootstrap('SASL_PLAINTEXT'),
      SASL_SSL: bootstrap('SASL_SSL'),
      SSL: bootstrap('SSL'),
    },
  }))

  test('OAUTHBEARER is not offered, and refused with what is', async () => {
    const sasl = { mechanism: 'OAUTHBEARER', token: 'x' } as const
    const admin = createAdmin(environment, { bootstrap: bootstrap('SASL_PLAINTEXT'), sasl })
    await expect(admin.listTopics()).rejects.toMatchObject({
      code: 'UNSUPPORTED_SASL_MECHANISM',
      what: expect.stringContaining('PLAIN, SCRAM-SHA-256, SCRAM-SHA-512'),
    })
    await admin.close()
  })

  test('who asks for more than versions before signing in is not answered', async () => {
    const stranger = { bootstrap: bootstrap('SASL_PLAINTEXT') }
    await withConnection(environment, stranger, async (connection) => {
      await expect(connection.request(metadata, { topics: null })).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
      })
    })
  })

  test('large requests are taken from who has signed in, the first one too, and from nobody else', async () => {
    const large = { topics: [{ name: 't'.repeat(30_000) }] }
    const many = { topics: Array.from({ length: 40 }, () => large.topics[0]!) }
    await withConnection(environment, signedIn(), async (connection) => {
      const { topics } = await connection.request(metadata, { ...many, allowAutoTopicCreation: false })
      expect(topics).toHaveLength(40)
    })
    await withConnection(environment, { bootstrap: bootstrap('SASL_PLAINTEXT') }, async (connection) => {
      await connection.request(saslHandshake, { mechanism: 'PLAIN' })
      const authBytes = Buffer.concat([Buffer.from(`\0alice\0${password}`), Buffer.alloc(600_000, 'x')])
      await expect(connection.request(saslAuthenticate, { authBytes })).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
      })
    })
  })

  test('what is no request at all ends the connection, and no other', async () => {
    const [host, port] = bootstrap('SASL_PLAINTEXT')[0]!.split(':')
    await withConnection(environment, signedIn(), async (witness) => {
      for (const bytes of [
        [0, 0, 0, 0],
        [0, 0, 0, 3, 1, 2, 3],
        [0, 0, 0, 8, 0, 17, 0, 9, 0, 0, 0, 1],
        [255, 255, 255, 255],
      ]) {
        const connection = await environment.network.connect({ host: host!, port: Number(port) })
        const closed = new Promise<void>((resolve) => connection.onClose(() => resolve()))
        connection.onData(() => undefined)
        connection.write([Buffer.from(bytes)])
        await closed
      }
      await witness.request(metadata, { topics: null })
    })
  })

  test('a session that is not prolonged ends with its time', async () => {
    await withConnection(environment, { bootstrap: bootstrap('SASL_PLAINTEXT') }, async (connection) => {
      await connection.request(saslHandshake, { mechanism: 'PLAIN' })
      const authBytes = Buffer.from(`\0alice\0${password}`)
      const { sessionLifetimeMs } = await connection.request(saslAuthenticate, { authBytes })
      expect(sessionLifetimeMs).toBe(sessionMs)
      await connection.request(metadata, { topics: null })
      await environment.timers.sleep(sessionMs + 50)
      await expect(connection.request(metadata, { topics: null })).rejects.toMatchObject({
        code: 'CONNECTION_LOST',
      })
    })
  })

  test('a handshake within another one is out of place, and ends the connection', async () => {
    await withConnection(environment, { bootstrap: bootstrap('SASL_PLAINTEXT') }, async (connection) => {
      await connection.request(saslHandshake, { mechanism: 'SCRAM-SHA-256' })
      const again = await connection.request(saslHandshake, { mechanism: 'SCRAM-SHA-256' })
      expect(again.errorCode).toBe(errorCodes.ILLEGAL_SASL_STATE)
      await expect.poll(() => connection.isOpen).toBe(false)
    })
  })

  test('who signs in anew stays who they were', async () => {
    await withConnection(environment, signedIn(), async (connection) => {
      const outOfPlace = await connection.request(saslAuthenticate, { authBytes: Buffer.alloc(1) })
      expect(outOfPlace.errorCode).toBe(errorCodes.ILLEGAL_SASL_STATE)
      await connection.request(saslHandshake, { mechanism: 'PLAIN' })
      const authBytes = Buffer.from(`\0admin\0${password}`)
      const answer = await connection.request(saslAuthenticate, { authBytes })
      expect(answer.errorCode).toBe(errorCodes.SASL_AUTHENTICATION_FAILED)
      expect(answer.errorMessage).toContain('Cannot change principals')
    })
  })

  test('after version 0 of the handshake bare tokens sign in', async () => {
    const [host, port] = bootstrap('SASL_PLAINTEXT')[0]!.split(':')
    const connection = await environment.network.connect({ host: host!, port: Number(port) })
    const frames: Buffer[] = []
    const splitter = new FrameSplitter(1_000_000)
    connection.onData((chunk) => frames.push(...splitter.push(chunk)))
    const header = (correlationId: number) => ({ correlationId, clientId: 'bare' })
    connection.write(encodeRequest(saslHandshake, 0, header(1), { mechanism: 'PLAIN' }))
    const token = Buffer.from(`\0alice\0${password}`)
    connection.write([Buffer.from([0, 0, 0, token.length]), token])
    connection.write(encodeRequest(metadata, 1, header(2), { topics: null }))
    await expect.poll(() => frames.length).toBe(3)
    expect(frames[1]).toHaveLength(0)
    expect(frames[2]!.readInt32BE(0)).toBe(2)
    connection.destroy()
  })

  test('where nobody signs in, signing in is out of place', async () => {
    const open = await EmbeddedCluster.start(() => environment, { brokers: 1 })
    const admin = createAdmin(environment, { bootstrap: open.bootstrap, sasl: asAlice('PLAIN') })
    await expect(admin.listTopics()).rejects.toMatchObject({ code: 'ILLEGAL_SASL_STATE' })
    await admin.close()
    await open.stop()
  })

  test('credentials are described without their secrets, refused by rule, and removed', async () => {
    await withConnection(environment, signedIn(), async (connection) => {
      const change = { name: 'bob', mechanism: 1, salt: Buffer.from('s'), saltedPassword: Buffer.alloc(32) }
      const alter = (deletions: { name: string; mechanism: number }[], upsertions: object[]) =>
        connection
          .request(alterUserScramCredentials, {
            deletions,
            upsertions: upsertions.map((one) => ({ ...change, iterations: 4096, ...one })),
          })
          .then(({ results }) => results.map(({ user, errorCode }) => [user, errorCode]))
      const describeUsers = async (names: string[]) =>
        (
          await connection.request(describeUserScramCredentials, { users: names.map((name) => ({ name })) })
        ).results.map(({ user, errorCode, credentialInfos }) => [user, errorCode, credentialInfos])
      expect(await alter([], [{}, { name: 'few', iterations: 4095 }, { name: 'odd', mechanism: 7 }])).toEqual(
        [
          ['bob', 0],
          ['few', errorCodes.UNACCEPTABLE_CREDENTIAL],
          ['odd', errorCodes.UNSUPPORTED_SASL_MECHANISM],
        ],
      )
      expect(await alter([{ name: 'bob', mechanism: 1 }], [{}])).toEqual([
        ['bob', errorCodes.DUPLICATE_RESOURCE],
      ])
      expect(await describeUsers(['bob', 'few', 'alice', 'alice'])).toEqual([
        ['bob', 0, [{ mechanism: 1, iterations: 4096 }]],
        ['few', errorCodes.RESOURCE_NOT_FOUND, []],
        ['alice', errorCodes.DUPLICATE_RESOURCE, []],
      ])
      expect(await alter([{ name: 'bob', mechanism: 1 }], [])).toEqual([['bob', 0]])
      expect(await alter([{ name: 'bob', mechanism: 1 }], [])).toEqual([
        ['bob', errorCodes.RESOURCE_NOT_FOUND],
      ])
    })
  })

  test('passwords and keys are not told by the settings', async () => {
    const admin = createAdmin(environment, signedIn())
    const configs = await admin.describeConfigs({ type: 'broker', name: '1' })
    expect(JSON.stringify(configs)).toContain('plain.sasl.jaas.config')
    expect(JSON.stringify(configs)).not.toContain(password)
    await admin.close()
  })

  test.each([
    [{ listeners: 'SASL_PLAINTEXT://' }, 'listener.name.sasl_plaintext.plain.sasl.jaas.config'],
    [{ listeners: 'SSL://' }, 'ssl.keystore.location'],
    [{ listeners: 'SASL_TLS://' }, 'listeners'],
    [{ 'sasl.enabled.mechanisms': 'GSSAPI' }, 'sasl.enabled.mechanisms'],
  ])('a port that nobody could enter is refused at the start: %o', async (settings, where) => {
    const started = EmbeddedCluster.start(() => environment, { brokers: 1, settings })
    await expect(started).rejects.toMatchObject({ code: 'INVALID_CONFIG', where })
  })

  test("a certificate that is none, a key that is another's, and a file that is not there are refused at the start", async () => {
    const { server, client } = certificates
    const start = (settings: Record<string, string>) =>
      EmbeddedCluster.start(() => environment, { brokers: 1, settings: { listeners: 'SSL://', ...settings } })
    const pair = (certificate: string, key: string) =>
      start({ 'ssl.keystore.certificate.chain': certificate, 'ssl.keystore.key': key })
    await expect(pair('nonsense', server.key)).rejects.toMatchObject({ code: 'BAD_CERTIFICATE' })
    await expect(pair(server.certificate, client.key)).rejects.toMatchObject({ code: 'BAD_CERTIFICATE' })
    const file = '/no/such/keystore.pem'
    await expect(start({ 'ssl.keystore.location': file })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      where: file,
    })
  })

  test('credentials and quotas are there again after the cluster has stopped', async () => {
    const dataFolder = await environment.disk.temporaryFolder('millrace-kept-')
    const settings = {
      listeners: 'SASL_PLAINTEXT://',
      'listener.name.sasl_plaintext.plain.sasl.jaas.config': users,
    }
    const start = () => EmbeddedCluster.start(() => environment, { brokers: 1, dataFolder, settings })
    const first = await start()
    const options = { bootstrap: first.bootstrap, sasl: asAlice('PLAIN') }
    await addScramUser(environment, options, 'kept', password)
    const quota = { key: 'producer_byte_rate', value: 5000, remove: false }
    const entity = [{ entityType: 'user', entityName: 'kept' }]
    await withConnection(environment, options, (connection) =>
      connection.request(alterClientQuotas, { entries: [{ entity, ops: [quota] }], validateOnly: false }),
    )
    await first.stop()
    const second = await start()
    const kept = { mechanism: 'SCRAM-SHA-256', username: 'kept', password } as const
    await withConnection(environment, { bootstrap: second.bootstrap, sasl: kept }, async (connection) => {
      const { entries } = await connection.request(describeClientQuotas, { components: [], strict: false })
      expect(entries).toEqual([{ entity, values: [{ key: 'producer_byte_rate', value: 5000 }] }])
    })
    await second.stop()
    await environment.disk.remove(dataFolder)
  })
})
