/** Chromium as the tests, the pictures and the frame rate use it. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

export const chromiumPath = () => process.env.CHROMIUM_PATH ?? places.find((place) => existsSync(place))

export async function launch(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (!executablePath)
    throw new Error(`Chromium is at none of ${places.join(', ')}: install it, or name it in CHROMIUM_PATH`)
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
