import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAdmin, createConsumer } from '../../engine/client/index.ts'
import { readAll } from '../streams/topics.ts'
import { environment, numbersPipeline, RunBench } from './a-run.ts'

const bench = new RunBench()
beforeAll(() => bench.start())
afterAll(() => bench.stop())

const processorOf = (body: string) => `import { processor } from 'millrace'

export default processor<{ n: number }, { n: number }>((record, ctx) => {
  ${body}
  ctx.forward({ ...record, value: record.value })
})
`

describe('the run after one whose thread had to be ended', () => {
  it.each([
    ['goes on', false],
    ['begins anew', true],
  ])(
    '%s at once, though the dead thread has not left its group',
    async (name, fromStart) => {
      const document = numbersPipeline(`after-${name.replaceAll(' ', '-')}`)
      const folder = bench.write(document, processorOf('while (record.value.n === 300) {}'), 600)
      const first = await bench.run(document, folder)
      await expect.poll(() => first.session.state.state, { timeout: 90_000, interval: 20 }).toBe('failed')
      await first.session.ended
      const admin = createAdmin(environment, { bootstrap: bench.cluster.bootstrap })
      const [group] = await admin.describeGroups([document.id])
      await admin.close()
      expect(group!.members).toHaveLength(1)

      bench.write(document, processorOf(''), 600)
      const second = await bench.run(document, folder, { fromStart })
      await expect.poll(() => second.session.state.state, { timeout: 90_000 }).toBe('idle')
      const made = second.samples.at(-1)!.nodes.out!.in
      if (fromStart) expect(made).toBe(600)
      else expect(made).toBeGreaterThanOrEqual(600 - 299)
    },
    240_000,
  )

  it.each([false, true])(
    'waits for none that the group would keep for a minute (from start: %s)',
    async (fromStart) => {
      const document = numbersPipeline(`kept-${fromStart}`)
      const { bootstrap } = bench.cluster
      const dead = createConsumer(environment, {
        bootstrap,
        clientId: `${document.id}-runner-0-consumer`,
        groupId: document.id,
        sessionTimeoutMs: 60_000,
        rebalanceTimeoutMs: 60_000,
      })
      const topic = `${document.id}-out`
      const admin = createAdmin(environment, { bootstrap })
      await admin.createTopics([{ name: topic, partitions: 1 }])
      await admin.close()
      dead.subscribe([topic])
      while (dead.assignment().length === 0) await dead.poll(100)
      await dead.commit([{ topic, partition: 0, offset: 0 }])
      try {
        const run = await bench.run(document, bench.write(document, processorOf(''), 100), { fromStart })
        await expect.poll(() => run.session.state.state, { timeout: 90_000 }).toBe('idle')
        expect(run.samples.at(-1)!.nodes.out!.in).toBe(100)
      } finally {
        await dead.close()
      }
    },
    240_000,
  )

  it.each([
    ['throws', "if (record.value.n === 300) throw new Error('no')"],
    ['loops', 'while (record.value.n === 300) {}'],
  ])(
    'does all over again exactly once, where code %s in the middle of a transaction',
    async (name, body) => {
      const document = { ...numbersPipeline(`once-${name}`), processingGuarantee: 'exactly_once_v2' } as const
      const folder = bench.write(document, processorOf(body), 600)
      const first = await bench.run(document, folder)
      await expect.poll(() => first.session.state.state, { timeout: 90_000, interval: 20 }).toBe('failed')
      await first.session.ended
      bench.write(document, processorOf(''), 600)
      const second = await bench.run(document, folder)
      await expect.poll(() => second.session.state.state, { timeout: 90_000 }).toBe('idle')
      const { bootstrap } = bench.cluster
      const read = await readAll({ environment, bootstrap }, `${document.id}-out`)
      const numbers = read.map(({ value }) => (value as { n: number }).n).sort((a, b) => a - b)
      expect(numbers).toEqual(Array.from({ length: 600 }, (_, index) => index + 1))
    },
    240_000,
  )
})
