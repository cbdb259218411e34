/** One connection, and the search for a broker: on real sockets, with scripted answers. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAdmin } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { apiVersions } from '../../engine/protocol/apis/api-versions.ts'
import { describeCluster } from '../../engine/protocol/apis/describe-cluster.ts'
import { listOffsets } from '../../engine/protocol/apis/list-offsets.ts'
import { errorCodes } from '../../engine/protocol/error-codes.ts'
import { ScriptedBroker } from './scripted-broker.ts'

const environment = createNodeEnvironment({ log: { write: () => undefined } })
let broker: ScriptedBroker
const open: { close(): Promise<void> }[] = []

beforeEach(async () => {
  broker = await ScriptedBroker.start(environment)
  broker.on(describeCluster, () => ({ errorCode: 0, clusterId: 'it', controllerId: 1, brokers: [] }))
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  await broker.close()
})

function admin(bootstrap: string[], requestTimeoutMs = 2000) {
  const made = createAdmin(environment, { bootstrap, requestTimeoutMs, retryBackoffMs: 20 })
  open.push(made)
  return made
}

test('a broker that does not know our ApiVersions is asked in one that it knows (KIP-511)', async () => {
  const versions: number[] = []
  const range = { apiKey: apiVersions.key, minVersion: 0, maxVersion: 2 }
  const cluster = { apiKey: describeCluster.key, minVersion: 0, maxVersion: 0 }
  // The scripted broker answers in the version of the question, so what is refused here is refused in bytes.
  const old = await environment.network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    connection.onData((frame) => {
      const [key, version, correlation] = [frame.readInt16BE(4), frame.readInt16BE(6), frame.readInt32BE(8)]
      if (key === apiVersions.key) versions.push(version)
      connection.write([answerInBytes(key, version, correlation, [range, cluster])])
    })
    connection.onClose(() => undefined)
  })
  open.push(old)
  expect((await admin([`127.0.0.1:${old.address.port}`]).describeCluster()).clusterId).toBe('it')
  expect(versions).toEqual([4, 2])
})

test('an address that does not answer is passed over for one that does', async () => {
  const gone = await ScriptedBroker.start(environment)
  await gone.close()
  expect(await admin([gone.address, broker.address]).describeCluster()).toMatchObject({ clusterId: 'it' })
})

test('with no broker there, the error names the addresses and what to do', async () => {
  const gone = await ScriptedBroker.start(environment)
  await gone.close()
  await expect(admin([gone.address], 300).describeCluster()).rejects.toMatchObject({
    code: 'NO_BROKER_REACHABLE',
    where: gone.address,
    remedy: expect.stringContaining('check'),
  })
})

test('an API that the broker does not have is an error that says so', async () => {
  broker.on(apiVersions, () => ({ errorCode: 0, apiKeys: [{ apiKey: 3, minVersion: 0, maxVersion: 13 }] }))
  await expect(admin([broker.address]).describeCluster()).rejects.toMatchObject({
    code: 'UNSUPPORTED_VERSION',
    what: expect.stringContaining('DescribeCluster'),
  })
})

test('a port that speaks something else is told apart from one that does not answer', async () => {
  broker.on(apiVersions, () => 'garbage')
  await expect(admin([broker.address], 300).describeCluster()).rejects.toMatchObject({
    code: 'MALFORMED_FRAME',
  })
})

test('requests that fail in passing are sent again', async () => {
  let calls = 0
  broker.on(describeCluster, () => {
    calls++
    if (calls === 1) return 'hang up'
    const errorCode = calls === 2 ? errorCodes.NOT_CONTROLLER : 0
    return { errorCode, clusterId: 'it', controllerId: 1, brokers: [] }
  })
  expect(await admin([broker.address]).describeCluster()).toMatchObject({ clusterId: 'it' })
  expect(calls).toBe(3)
})

test('several questions about one partition travel apart, as a request may name it once', async () => {
  const asked: number[][] = []
  broker.on(listOffsets, ({ topics }) => {
    asked.push(topics.flatMap(({ partitions }) => partitions.map(({ timestamp }) => timestamp)))
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => ({
          partitionIndex,
          errorCode: 0,
          offset: timestamp === -1 ? 100 : 3,
        })),
      })),
    }
  })
  const place = { topic: 't', partition: 0 }
  const found = await admin([broker.address]).listOffsets([
    { ...place, spec: 'latest' },
    { ...place, spec: 'earliest' },
  ])
  expect(found.map(({ offset }) => offset)).toEqual([100, 3])
  expect(asked).toEqual([[-1], [-2]])
})

test('a new leader that does not know the latest offset yet is asked again', async () => {
  let calls = 0
  broker.on(listOffsets, ({ topics }) => {
    const isKnown = ++calls > 2
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: isKnown ? 0 : errorCodes.OFFSET_NOT_AVAILABLE,
          offset: isKnown ? 7 : -1,
        })),
      })),
    }
  })
  const [found] = await admin([broker.address]).listOffsets([{ topic: 't', partition: 0, spec: 'latest' }])
  expect(found?.offset).toBe(7)
  expect(calls).toBe(3)
})

interface Range {
  apiKey: number
  minVersion: number
  maxVersion: number
}

/** As a broker of old: ApiVersions up to version 2, and DescribeCluster. */
function answerInBytes(key: number, version: number, correlation: number, ranges: Range[]): Buffer {
  const body =
    key === apiVersions.key
      ? [...int16(version > 2 ? 35 : 0), ...rangesInBytes(version > 2 ? ranges.slice(0, 1) : ranges)]
      : [0, 0, 0, 0, 0, 0, 0, 3, 105, 116, 0, 0, 0, 1, 1, 0x80, 0, 0, 0, 0]
  const throttle = key === apiVersions.key && version >= 1 && version <= 2 ? [0, 0, 0, 0] : []
  // DescribeCluster is flexible from its first version: its header has tagged fields, none here.
  const header = key === apiVersions.key ? [] : [0]
  const content = Buffer.from([...int32(correlation), ...header, ...body, ...throttle])
  return Buffer.concat([Buffer.from(int32(content.length)), content])
}

function rangesInBytes(ranges: Range[]): number[] {
  const one = ({ apiKey, minVersion, maxVersion }: Range) => [
    ...int16(apiKey),
    ...int16(minVersion),
    ...int16(maxVersion),
  ]
  return [...int32(ranges.length), ...ranges.flatMap(one)]
}

function int16(value: number): number[] {
  return [value >> 8, value & 0xff]
}

function int32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}
