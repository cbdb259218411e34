/**
 * What a worker that runs users' code sees of the environment variables: what programs need to find their files and their
 * language, and none of the secrets that shells carry.
 */
const passedOn = [
  'PATH',
  'HOME',
  'USERPROFILE',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LANG',
  'LC_ALL',
  'TZ',
  'SystemRoot',
  'windir',
]

export function workerVariables(): Record<string, string> {
  const result: Record<string, string> = {}
  for (const name of passedOn) {
    const value = process.env[name]
    if (value !== undefined) result[name] = value
  }
  return result
}
