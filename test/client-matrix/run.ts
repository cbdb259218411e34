/** Writes the README's matrix of clients: `npm run generate:client-matrix`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { withClientMatrix } from './table.ts'

const readme = new URL('../../README.md', import.meta.url)
writeFileSync(readme, withClientMatrix(readFileSync(readme, 'utf8')))
