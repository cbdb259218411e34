/** Writes the README's table of APIs: `npm run generate:api-table`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { withApiTable } from './table.ts'

const readme = new URL('../../README.md', import.meta.url)
writeFileSync(readme, withApiTable(readFileSync(readme, 'utf8')))
