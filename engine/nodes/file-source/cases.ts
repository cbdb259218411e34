import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'reads CSV with figures, empty cells and quotes, and passes over a bad line',
    config: { file: 'data/towns.csv', key: 'value.town', time: 'expression', timeExpression: 'value.at' },
    files: {
      'data/towns.csv': 'town,at,people\n"Ulm, Neu",1000,126000\nbroken\nRiga,2000,\n',
    },
    send: [],
    expected: [
      {
        port: 'out',
        key: 'Ulm, Neu',
        value: { town: 'Ulm, Neu', at: 1000, people: 126_000 },
        timestampMs: 1000,
      },
      { port: 'out', key: 'Riga', value: { town: 'Riga', at: 2000, people: null }, timestampMs: 2000 },
    ],
    badLines: [3],
  },
  {
    name: 'reads NDJSON as a table before all others',
    config: { file: 'rows.ndjson', readAs: 'table', key: 'value.id', time: 'beginning' },
    files: { 'rows.ndjson': '{"id":"a","n":1}\n\n{"id":"a","n":2}' },
    send: [],
    expected: [
      { port: 'out', key: 'a', value: { id: 'a', n: 1 }, timestampMs: 0 },
      { port: 'out', key: 'a', value: { id: 'a', n: 2 }, timestampMs: 0 },
    ],
  },
]
