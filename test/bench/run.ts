/** `npm run bench [-- NAME…]`: one benchmark after the other, never two at once. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const all = ['broker', 'canvas', 'start']
const asked = process.argv.slice(2)
const unknown = asked.find((name) => !all.includes(name))
if (unknown !== undefined) {
  process.stderr.write(`error BAD_USAGE: there is no benchmark ${unknown}: choose from ${all.join(', ')}\n`)
  process.exit(2)
}
for (const name of asked.length > 0 ? asked : all) {
  process.stdout.write(`\n${name}\n`)
  const result = spawnSync(process.execPath, [path.join(import.meta.dirname, `${name}.ts`)], {
    stdio: 'inherit',
  })
  if (result.status !== 0) process.exitCode = 1
}
