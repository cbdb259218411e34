/** The README's table of APIs, made of what ApiVersions answers with. */
import { servedApis } from '../../engine/broker/handlers/index.ts'

const start = '<!-- APIs: written by `npm run generate:api-table` -->\n'
const end = '<!-- end of APIs -->\n'
const columns = 3

export function apiTable(): string {
  const cells = servedApis.map(({ key, name, advertised: [from, to] }) => {
    return `${key} | ${name} | ${from === to ? to : `${from}–${to}`}`
  })
  const height = Math.ceil(cells.length / columns)
  const rows = Array.from({ length: height }, (_, row) => {
    const inRow = Array.from({ length: columns }, (_, column) => cells[row + column * height] ?? ' | | ')
    return `| ${inRow.join(' | ')} |\n`
  })
  return `|${' key | API | versions |'.repeat(columns)}\n|${'---|'.repeat(3 * columns)}\n${rows.join('')}`
}

/** @throws Error when the README has no place for it */
export function withApiTable(readme: string): string {
  const from = readme.indexOf(start)
  const to = readme.indexOf(end)
  if (from < 0 || to < from)
    throw new Error(`the README has no part between ${start.trim()} and ${end.trim()}`)
  return `${readme.slice(0, from + start.length)}\n${apiTable()}\n${readme.slice(to)}`
}
