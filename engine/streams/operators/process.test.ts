import { expect, test } from 'vitest'
import { createBuilder, TestDriver } from '../index.ts'

test('a forward to an output that was not declared fails, and says which there are', () => {
  const builder = createBuilder()
  const outputs = builder
    .stream<string, string>('in', { name: 'in' })
    .process<string, string, 'good' | 'bad'>(
      () => ({
        process: (record, context) => context.forward(record, record.value),
      }),
      { name: 'sort', outputs: ['good', 'bad'] },
    )
  outputs.good.to('good', { name: 'to-good' })
  outputs.bad.to('bad', { name: 'to-bad' })
  const driver = new TestDriver(builder.build())
  const topics = (value: string) =>
    driver.pipe('in', { key: 'k', value, timestampMs: 1 }).map(({ topic }) => topic)
  expect(topics('bad')).toEqual(['bad'])
  expect(() => topics('ugly')).toThrow('there is no output "ugly"')
})
