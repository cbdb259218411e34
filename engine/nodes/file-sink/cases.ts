import type { NodeCase } from '../kind.ts'

const send = [
  { port: 'in', key: 'a', value: { id: 'a', name: 'Ulm, Neu' }, timestampMs: 0 },
  { port: 'in', key: 'b', value: { id: 'b', name: null }, timestampMs: 1000 },
]
const line = (value: string) => ({ port: 'file', key: null, value, timestampMs: 0 })

export const cases: readonly NodeCase[] = [
  {
    name: 'writes a JSON value a line, with key and time when asked',
    config: { file: 'out/all.ndjson', content: 'record' },
    send: send.slice(1),
    expected: [line('{"key":"b","timestamp":"1970-01-01T00:00:01.000Z","value":{"id":"b","name":null}}')],
  },
  {
    name: 'writes CSV with the columns that it was given',
    config: { file: 'out/all.csv', format: 'csv', columns: 'name, id' },
    send,
    expected: [line('name,id'), line('"Ulm, Neu",a'), line(',b')],
  },
]
