import { afterAll, beforeAll, expect, it } from 'vitest'
import { createProducer } from '../../engine/client/index.ts'
import { Command, jsonLines, millrace } from '../bad-input/command.ts'
import { environment } from '../cluster/cluster-world.ts'

/** What `topics` and `records` say when not all of it goes well. */
let cluster: Command
let bootstrap: string

beforeAll(async () => {
  cluster = new Command(['broker', '--port', '0', '--topic', 'exact:1', '--topic', 'huge:1'])
  bootstrap = (await cluster.says(/ready (\S+)/))[1]!
}, 60_000)
afterAll(() => cluster.end())

function kafka(...args: readonly string[]) {
  return millrace([...args, '--bootstrap', bootstrap])
}

async function produce(topic: string, values: readonly string[]): Promise<void> {
  const producer = createProducer(environment, { bootstrap: bootstrap.split(',') })
  for (const value of values) producer.post({ topic, key: null, value: Buffer.from(value) })
  await producer.flush()
  await producer.close()
}

it('each of several topics has its outcome told, whatever becomes of the others', async () => {
  const made = await kafka('topics', 'create', 'one:1', 'exact:1', 'two:1', 'wrong name:1')
  expect(made.out).toBe('created one\ncreated two\n')
  expect(made.err).toMatch(/^error TOPIC_ALREADY_EXISTS: .*exact.*\nerror INVALID_TOPIC_EXCEPTION: .*\n$/)
  expect(made.status).not.toBe(0)
  const gone = await kafka('topics', 'delete', 'one', 'never', 'two')
  expect(gone.out).toBe('deleted one\ndeleted two\n')
  expect(gone.err).toMatch(/^error UNKNOWN_TOPIC_OR_PARTITION: .*never.*\n$/)
  expect(gone.status).not.toBe(0)
}, 60_000)

it('integers that JavaScript cannot hold are shown as they are, copied as they are, and found', async () => {
  const texts = ['{"id":9007199254740993}', '{"id":7,"f":1.50}', '[0.1234567890123456789]']
  await produce('exact', texts)
  const read = await kafka('records', 'read', 'exact', '--json')
  expect(jsonLines(read.out).map(({ value, valueFormat }) => [value, valueFormat])).toEqual([
    [texts[0], 'utf-8'],
    [{ id: 7, f: 1.5 }, 'json'],
    [texts[2], 'utf-8'],
  ])
  const found = await kafka('records', 'read', 'exact', '--filter', 'value.id === 9007199254740993n')
  expect(found.out).toContain('{"id":9007199254740993}')
  expect(found.out.trim().split('\n')).toHaveLength(1)
}, 60_000)

it('a reading whose topic goes away meanwhile ends, and says where it was', async () => {
  await produce('huge', Array(20_000).fill('x'.repeat(1000)))
  const reader = new Command(['records', 'read', 'huge', '--bootstrap', bootstrap])
  await reader.says(/huge|\n/)
  // Its output is not taken, so that it cannot go on.
  reader.process.stdout!.pause()
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect((await kafka('topics', 'delete', 'huge')).out).toBe('deleted huge\n')
  reader.process.stdout!.resume()
  const { err, status, out } = await reader.ended
  expect(err).toMatch(/^error READ_STALLED: .*huge-0 at \d+ of 20000: .*\n$/)
  expect(status).toBe(1)
  expect(out.split('\n').length).toBeLessThan(20_000)
}, 60_000)
