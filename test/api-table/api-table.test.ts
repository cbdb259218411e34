import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { servedApis } from '../../engine/broker/handlers/index.ts'
import { apiTable, withApiTable } from './table.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

it('the README lists the APIs that ApiVersions advertises; `npm run generate:api-table` writes it', () => {
  expect(readme).toBe(withApiTable(readme))
})

it('every API stands in the table once, with its range', () => {
  const cells = apiTable()
    .split('\n')
    .slice(2)
    .flatMap((line) => [...line.matchAll(/(\d+) \| (\w+) \| ([\d–]+)/g)])
  expect(cells.map(([, key]) => Number(key)).sort((a, b) => a - b)).toEqual(servedApis.map(({ key }) => key))
  for (const { name, advertised } of servedApis) {
    const range = cells
      .find(([, , named]) => named === name)?.[3]
      ?.split('–')
      .map(Number)
    expect([range?.at(0), range?.at(-1)], name).toEqual([...advertised])
  }
})
