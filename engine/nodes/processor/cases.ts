import type { NodeCase } from '../kind.ts'

const counter = `import { processor } from 'millrace'

export default processor<{ user: string }, { times: number }>((record, ctx) => {
  const seen = ctx.store<string, number>('seen')
  const times = (seen.get(record.value.user) ?? 0) + 1
  seen.put(record.value.user, times)
  ctx.forward({ key: record.value.user, value: { times } })
})
`

export const cases: readonly NodeCase[] = [
  {
    name: 'runs the file, which counts in its store',
    config: { file: 'processors/counter.ts', stores: [{ name: 'seen' }] },
    files: { 'processors/counter.ts': counter },
    send: [
      { port: 'in', key: '1', value: { user: 'ann' }, timestampMs: 1 },
      { port: 'in', key: '2', value: { user: 'ann' }, timestampMs: 2 },
    ],
    expected: [
      { port: 'out', key: 'ann', value: { times: 1 }, timestampMs: 1 },
      { port: 'out', key: 'ann', value: { times: 2 }, timestampMs: 2 },
    ],
  },
]
