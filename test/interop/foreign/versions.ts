/** The versions of what is run, as the files say that pin them. */
import { readFileSync } from 'node:fs'

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')

export function packageVersion(name: string): string {
  const manifest = JSON.parse(read('../../../package.json')) as { devDependencies: Record<string, string> }
  return found(manifest.devDependencies[name], name)
}

export function goVersion(module: string): string {
  return found(new RegExp(`^\\s*${module} v(\\S+)`, 'm').exec(read('../go/go.mod'))?.[1], module)
}

export function pythonVersion(name: string): string {
  return found(new RegExp(`^${name}==(\\S+)`, 'm').exec(read('../python/requirements.txt'))?.[1], name)
}

function found(version: string | undefined, name: string): string {
  if (version === undefined) throw new Error(`no file says which version of ${name} is meant`)
  return version
}
