// `npm start`: set-up, then the studio, in Electron's window where that can be had and in the browser otherwise.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { follow } from './children.mjs'
import { buildFolder, checkout } from './paths.mjs'
import { prepare } from './prepare.mjs'

await prepare()
const { build } = await import('./build.mjs')
const { fetchElectronOnce, findElectron } = await import('./electron-binary.mjs')

await build()
const answer = findElectron() ? 'fetched' : await fetchElectronOnce()
const electron = findElectron()
const display = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY

const child =
  electron && display
    ? spawn(electron, [path.join(buildFolder, 'electron', 'main.cjs'), ...process.argv.slice(2)], {
        stdio: 'inherit',
        cwd: checkout,
      })
    : inBrowser(electron ? 'there is no display' : `Electron's binary is not there: ${answer}`)
process.exit(await follow(child))

function inBrowser(reason) {
  process.stderr.write(`The studio opens in the browser, because ${reason}.\n`)
  return spawn(
    process.execPath,
    [path.join(buildFolder, 'engine', 'millrace.mjs'), 'studio', ...process.argv.slice(2)],
    {
      stdio: 'inherit',
      cwd: checkout,
    },
  )
}
