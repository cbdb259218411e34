import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { MillraceError } from '../../base/errors.ts'

export interface Given<Values> {
  readonly values: Values
  readonly positionals: readonly string[]
}

const always = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

/** Options and what stands between them. @throws MillraceError BAD_USAGE */
export function parseOptions<const Options extends ParseArgsOptionsConfig>(
  command: string,
  args: readonly string[],
  options: Options,
  positionalsMax = 0,
) {
  try {
    const parsed = parseArgs({
      args: [...args],
      options: { ...options, ...always },
      allowPositionals: true,
      allowNegative: true,
      strict: true,
    })
    if (parsed.positionals.length > positionalsMax) {
      throw new Error(`Unexpected argument '${parsed.positionals[positionalsMax]}'`)
    }
    return parsed
  } catch (thrown) {
    throw usage(command, thrown instanceof Error ? firstSentence(thrown.message) : String(thrown))
  }
}

export function usage(command: string, what: string): MillraceError {
  return new MillraceError({
    code: 'BAD_USAGE',
    what,
    where: `millrace ${command}`.trim(),
    remedy: `see millrace ${command} --help`.replace('  ', ' '),
  })
}

/** @throws MillraceError BAD_USAGE for what is no whole number in the range */
export function wholeNumber(
  command: string,
  name: string,
  text: string | undefined,
  fallback: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw usage(command, `--${name} is a whole number from ${min} to ${max}, not "${text}"`)
}

/** @throws MillraceError BAD_USAGE */
export function onePipeline(command: string, positionals: readonly string[]): string {
  const [path] = positionals
  if (path === undefined) throw usage(command, 'the pipeline is missing')
  return path
}

/** `host:port`, separated by commas. @throws MillraceError BAD_USAGE */
export function addresses(command: string, text: string): string[] {
  const list = text.split(',').map((part) => part.trim())
  for (const address of list) {
    if (!/^.+:\d{1,5}$/.test(address)) {
      throw usage(command, `"${address}" is not an address such as 127.0.0.1:9092`)
    }
  }
  return list
}

/** Node appends advice about its own API to its messages. */
function firstSentence(message: string): string {
  return message.split(/\. (?=[A-Z])/, 1)[0]!.replace(/\.$/, '')
}
