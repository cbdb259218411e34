// `node run.mjs [--build] SCRIPT …`: set-up, then a script of this checkout on the bundled Node, with the same arguments.
// npm changes into the checkout; relative paths among the arguments are meant from where the person stands.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { follow } from './children.mjs'
import { checkout } from './paths.mjs'
import { prepare } from './prepare.mjs'

await prepare()
const args = process.argv.slice(2)
const wantsBuild = args[0] === '--build'
if (wantsBuild) {
  args.shift()
  const { build } = await import('./build.mjs')
  await build()
}
const [script, ...rest] = args
const child = spawn(process.execPath, [path.resolve(checkout, script), ...rest], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD ?? process.cwd(),
})
process.exit(await follow(child))
