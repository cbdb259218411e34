// Where things lie in a checkout. Runs on Node 20 without any dependency, like everything in this folder.

import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const checkout = path.resolve(fileURLToPath(new URL('../../..', import.meta.url)))
export const buildFolder = path.join(checkout, '.build')
export const modulesFolder = path.join(checkout, 'node_modules')
export const stampsFolder = path.join(buildFolder, 'stamps')

/** The Node that runs the product: Electron 45's major. */
export const nodeMajor = 24
