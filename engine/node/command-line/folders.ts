import { homedir } from 'node:os'
import path from 'node:path'

/** Where the studio keeps its data, as the system wants it. */
export function defaultDataFolder(): string {
  const home = homedir()
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Millrace')
  if (process.platform === 'win32') {
    return path.join(process.env.APPDATA ?? path.join(home, 'AppData', 'Roaming'), 'Millrace')
  }
  return path.join(process.env.XDG_DATA_HOME ?? path.join(home, '.local', 'share'), 'millrace')
}

/** Absolute, with `/` between its parts. */
export function absolute(given: string): string {
  return path.resolve(given).replaceAll('\\', '/')
}
