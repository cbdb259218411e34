/** Electron's entry. Everything that can be tested without Electron's binary is in `desktop.ts`. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import * as electron from 'electron'
import { startDesktop } from './desktop.ts'

const { app } = electron
/** The checkout, or the packaged app's folder: both hold `.build/` and `pipelines/`. */
const root = findRoot(app.getAppPath())
const build = path.join(root, '.build')
/** What other programs read lies beside the archive, not in it. */
const outside = root.replace(/\.asar$/, '.asar.unpacked')

startDesktop(electron, {
  rendererFolder: path.join(build, 'renderer'),
  preload: path.join(build, 'electron', 'preload.cjs'),
  hostEntry: path.join(build, 'engine', 'host.mjs'),
  dataFolder: app.getPath('userData'),
  args: process.argv.slice(app.isPackaged ? 1 : 2),
  workingFolder: process.cwd(),
  platform: process.platform,
  host: {
    version: app.getVersion(),
    samplesFolder: path.join(outside, 'pipelines'),
    homeFolder: app.getPath('home'),
    packagePath: path.join(outside, '.build', 'package', 'millrace.tgz'),
  },
  log: (text) => process.stderr.write(`${text}\n`),
})

/** Started with a script, Electron names that script's folder. */
function findRoot(folder: string): string {
  if (existsSync(path.join(folder, '.build'))) return folder
  const above = path.dirname(folder)
  return above === folder ? folder : findRoot(above)
}
