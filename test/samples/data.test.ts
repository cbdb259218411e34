import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { sampleData } from './data.ts'

const checkout = path.resolve(import.meta.dirname, '../..')

it.each(Object.keys(sampleData))('%s holds the records of the data set that it names', (name) => {
  expect(readFileSync(path.join(checkout, name), 'utf8') === sampleData[name]!()).toBe(true)
})
