// The browser for the end-to-end specs: what is there, or Debian's through apt where that is possible.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
]

/** The path of a Chromium, or undefined. */
export function findChromium() {
  return places.find((place) => place && existsSync(place))
}

/** Finds or installs one. @returns {{ path?: string, reason?: string }} */
export function ensureChromium() {
  const found = findChromium()
  if (found) return { path: found }
  const apt = (process.env.PATH ?? '')
    .split(path.delimiter)
    .some((folder) => existsSync(path.join(folder, 'apt-get')))
  if (!apt || process.getuid?.() !== 0)
    return {
      reason:
        'no Chromium was found, and only root can install one with apt; set CHROMIUM_PATH to use another',
    }
  process.stderr.write('Installing Chromium with apt, once …\n')
  const options = {
    stdio: ['ignore', 'ignore', 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-liberation'],
    options,
  )
  const installed = findChromium()
  return installed ? { path: installed } : { reason: 'apt could not install Chromium' }
}
