import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Command, errorLine, jsonLines, millrace } from '../bad-input/command.ts'

/** `topics`, `records` and `groups` as a person types them, against a cluster in a process of its own. */
let cluster: Command
let bootstrap: string

beforeAll(async () => {
  cluster = new Command(['broker', '--port', '0', '--topic', 'orders:3', '--topic', 'copy:1'])
  bootstrap = (await cluster.says(/ready (\S+)/))[1]!
}, 60_000)
afterAll(() => cluster.end())

function kafka(...args: readonly string[]) {
  return millrace([...args, '--bootstrap', bootstrap])
}

async function objects(...args: readonly string[]) {
  const { out, err, status } = await kafka(...args, '--json')
  expect(err).toBe('')
  expect(status).toBe(0)
  return jsonLines(out)
}

async function produce(text: string, ...args: readonly string[]) {
  const command = new Command(['records', 'produce', ...args, '--bootstrap', bootstrap])
  command.process.stdin?.end(text)
  return command.ended
}

describe('topics', () => {
  it('are made with their settings, grow, are described and go', async () => {
    expect((await kafka('topics', 'create', 'fresh:2:1', '--config', 'retention.ms=60000')).out).toBe(
      'created fresh\n',
    )
    expect((await kafka('topics', 'grow', 'fresh', '--partitions', '4')).out).toBe('grown fresh\n')
    const [fresh] = await objects('topics', 'describe', 'fresh')
    expect(fresh).toMatchObject({ topic: 'fresh', configs: { 'retention.ms': '60000' } })
    expect(fresh!.partitions).toHaveLength(4)
    const names = async () => (await objects('topics', 'list')).map(({ topic }) => topic)
    expect(await names()).toEqual(['copy', 'fresh', 'orders'])
    await kafka('topics', 'configure', 'fresh', '--config', 'segment.ms=5000', '--default', 'retention.ms')
    expect(await objects('topics', 'describe', 'fresh')).toMatchObject([
      { configs: { 'segment.ms': '5000' } },
    ])
    await kafka('topics', 'delete', 'fresh')
    expect(await names()).toEqual(['copy', 'orders'])
  }, 60_000)

  it.each([
    [['topics', 'describe', 'absent'], 'UNKNOWN_TOPIC_OR_PARTITION'],
    [['topics', 'create', 'orders'], 'TOPIC_ALREADY_EXISTS'],
    [['topics', 'create', 'a/b'], 'INVALID_TOPIC_EXCEPTION'],
    [['topics', 'create', 'x', '--config', 'no.such=1'], 'INVALID_CONFIG'],
    [['topics', 'melt', 'x'], 'BAD_USAGE'],
    [['topics', 'list', 'x'], 'BAD_USAGE'],
    [['records', 'read'], 'BAD_USAGE'],
    [['records', 'read', 'orders', '--from', 'yesterday'], 'BAD_USAGE'],
    [['records', 'read', 'orders', '--filter', 'value.'], 'BAD_EXPRESSION'],
    [['records', 'read', 'orders', '--partition', '7'], 'UNKNOWN_TOPIC_OR_PARTITION'],
    [['groups', 'describe', 'absent'], 'GROUP_ID_NOT_FOUND'],
    [['groups', 'reset', 'absent'], 'BAD_USAGE'],
  ])(
    '%j is refused with %s, in one line',
    async (args, code) => {
      const { status, out, err } = await kafka(...args)
      expect(err).toMatch(errorLine)
      expect(err).toContain(`error ${code}:`)
      expect({ status, out }).toEqual({ status: 2, out: '' })
    },
    60_000,
  )

  it('of brokers that are not there: says so while it waits, then fails', async () => {
    const { status, out, err } = await millrace(['topics', 'list', '--bootstrap', '127.0.0.1:1'])
    expect(err).toMatch(
      /^no answer yet from 127\.0\.0\.1:1\nerror NO_BROKER_REACHABLE: .*127\.0\.0\.1:1: .+\n$/,
    )
    expect({ status, out }).toEqual({ status: 1, out: '' })
  }, 60_000)
})

describe('records', () => {
  it('go in as text and as JSON, and come out by partition, offset, time and expression', async () => {
    const text = 'a:{"n":1}\nb:{"n":2}\nc:words\nplain\n'
    const { out } = await produce(text, 'orders', '--key-separator', ':', '--header', 'from=here')
    expect(out).toBe('produced 4 records to orders\n')
    const json = '{"key":"late","value":null,"timestampMs":4102444800000,"headers":{"h":"x"}}\n'
    expect((await produce(json, 'orders', '--input', 'json')).out).toBe('produced 1 records to orders\n')

    const all = await objects('records', 'read', 'orders')
    expect(all).toHaveLength(5)
    expect(all.find(({ key }) => key === 'a')).toMatchObject({
      value: { n: 1 },
      valueFormat: 'json',
      headers: [{ key: 'from', value: 'here' }],
    })
    expect(await objects('records', 'read', 'orders', '--limit', '2')).toHaveLength(2)
    expect(await objects('records', 'read', 'orders', '--filter', 'value?.n > 1')).toMatchObject([
      { key: 'b' },
    ])
    expect(await objects('records', 'read', 'orders', '--from', '2099-01-01')).toMatchObject([
      { key: 'late', value: null, timestampMs: 4102444800000, headers: [{ key: 'h', value: 'x' }] },
    ])
    const [{ partition, offset }] = all as [{ partition: number; offset: number }]
    const behind = ['--partition', String(partition), '--from', String(offset + 1)]
    expect(await objects('records', 'read', 'orders', ...behind)).toEqual(
      all.filter((record) => record.partition === partition && record.offset !== offset),
    )
  }, 60_000)

  it('are copied to another topic byte for byte', async () => {
    const bytes = Buffer.from([0, 255, 10, 128, 7]).toString('base64')
    const line = { key: bytes, keyFormat: 'base64', value: '00ff7f', valueFormat: 'hex' }
    await produce(`${JSON.stringify(line)}\n`, 'copy', '--input', 'json')
    const { out } = await kafka('records', 'read', 'copy', '--json', '--exact')
    await produce(out, 'copy', '--input', 'json')
    const [first, second] = await objects('records', 'read', 'copy', '--exact')
    expect(first).toMatchObject({ key: bytes, value: Buffer.from('00ff7f', 'hex').toString('base64') })
    expect(second).toEqual({ ...first, offset: 1 })
  }, 60_000)

  it('that come later are followed until the limit', async () => {
    const reader = new Command([
      'records',
      'read',
      'copy',
      '--from',
      'end',
      '--limit',
      '1',
      '--bootstrap',
      bootstrap,
    ])
    const later = setInterval(() => void produce('later\n', 'copy'), 2500)
    const { out, status } = await reader.ended
    clearInterval(later)
    expect(out).toMatch(/^0:\d+ {2}\S+ {2}null {2}later\n$/)
    expect(status).toBe(0)
  }, 60_000)

  it.each(['abc', '1.5', ''])(
    '%j is no integer, and is refused',
    async (value) => {
      const line = JSON.stringify({ value, valueFormat: 'int32' })
      const { err, status } = await produce(`${line}\n`, 'copy', '--input', 'json')
      expect(err).toMatch(/^error BAD_LINE: .*line 1 of standard input: .*\n$/)
      expect(status).toBe(2)
    },
    60_000,
  )

  it('a bad line ends with its number; what stood before it is there', async () => {
    const { err, out, status } = await produce('{"value":1}\n{"value":\n', 'copy', '--input', 'json')
    expect(err).toMatch(/^error BAD_LINE: .*line 2 of standard input: .*\n$/)
    expect(out).toBe('produced 1 records to copy\n')
    expect(status).toBe(2)
  }, 60_000)
})

describe('groups', () => {
  it('are reset after a preview that changes nothing, and tell their lag', async () => {
    const reset = ['groups', 'reset', 'readers', '--topic', 'orders', '--to', 'beginning']
    const preview = await objects(...reset, '--dry-run')
    expect(preview.map(({ event, offset }) => [event, offset])).toEqual(Array(3).fill(['would-reset', 0]))
    expect(await objects('groups', 'list')).toEqual([])
    await objects(...reset)
    expect(await objects('groups', 'list')).toMatchObject([{ group: 'readers', members: 0, lagRecords: 5 }])
    await objects('groups', 'reset', 'readers', '--to', 'end')
    const [group] = await objects('groups', 'describe', 'readers')
    expect(group).toMatchObject({ state: 'Empty', lagRecords: 0 })
    expect(group!.partitions).toHaveLength(3)
    expect((await kafka('groups', 'delete', 'readers')).out).toBe('deleted readers\n')
    expect(await objects('groups', 'list')).toEqual([])
  }, 60_000)
})
