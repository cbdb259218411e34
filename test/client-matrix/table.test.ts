import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type Feature, features, featuresOf, kafkaTools } from '../interop/foreign/features.ts'
import { foreignClients } from '../interop/foreign/index.ts'
import { clientMatrix, withClientMatrix } from './table.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const interop = new URL('../interop/', import.meta.url)
const tests = readdirSync(interop)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(new URL(name, interop), 'utf8'))
  .join('\n')

it('the README says which clients are tested, and in what; `npm run generate:client-matrix` writes it', () => {
  expect(readme).toBe(withClientMatrix(readme))
})

it('every client has a row with a mark for what it has', () => {
  const names = Object.keys(features) as Feature[]
  const rows = clientMatrix()
    .split('\n')
    .filter((line) => line.includes('✓'))
    .map((line) => line.split(' | '))
  expect(rows.map(([name]) => name?.slice(2))).toEqual(foreignClients.map(({ name }) => name))
  for (const [index, [, , ...cells]] of rows.entries()) {
    const has = featuresOf(foreignClients[index]!)
    expect(cells.map((cell) => cell.startsWith('✓'))).toEqual(names.map((feature) => has.has(feature)))
  }
})

it('every feature and every tool that stands there is in the interop tests', () => {
  for (const feature of Object.keys(features)) {
    expect(tests, feature).toMatch(new RegExp(`'${feature}'`))
  }
  for (const tool of Object.keys(kafkaTools)) {
    expect(tests, tool).toMatch(new RegExp(`'${tool}'|kafkaTools\\.${tool}`))
  }
})
