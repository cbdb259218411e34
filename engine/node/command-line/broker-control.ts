import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { MillraceError } from '../../base/errors.ts'
import { parseDurationMs } from '../../base/units.ts'

export type BrokerCommand =
  | { readonly name: 'kill' | 'stop' | 'start' | 'isolate' | 'heal'; readonly broker: number }
  | { readonly name: 'slow-disk'; readonly broker: number; readonly delayMs: number }
  | { readonly name: 'status' }

/** One line of standard input: `kill 2`, `slow-disk 2 50ms`, `status`. @throws MillraceError BAD_COMMAND, BAD_DURATION */
export function parseBrokerCommand(line: string): BrokerCommand {
  const [name, broker, delay, ...rest] = line.trim().split(/\s+/)
  if (rest.length > 0) throw badCommand(line)
  switch (name) {
    case 'status':
      if (broker !== undefined) throw badCommand(line)
      return { name }
    case 'slow-disk':
      if (delay === undefined) throw badCommand(line)
      return { name, broker: brokerNumber(line, broker), delayMs: parseDurationMs(delay, line.trim()) }
    case 'kill':
    case 'stop':
    case 'start':
    case 'isolate':
    case 'heal':
      if (delay !== undefined) throw badCommand(line)
      return { name, broker: brokerNumber(line, broker) }
    default:
      throw badCommand(line)
  }
}

/** Carries out the lines one after the other and answers each with `ok …` or `error …`. */
export async function controlByLines(
  input: Readable,
  carryOut: (command: BrokerCommand) => Promise<string | undefined>,
  answer: (text: string) => void,
): Promise<void> {
  for await (const line of createInterface({ input, terminal: false })) {
    if (line.trim() === '') continue
    try {
      const result = await carryOut(parseBrokerCommand(line))
      answer(result ?? `ok ${line.trim()}`)
    } catch (thrown) {
      const error = MillraceError.from(thrown)
      answer(`error ${error.code}: ${error.message}`)
    }
  }
}

function brokerNumber(line: string, text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw badCommand(line)
  return Number(text)
}

function badCommand(line: string): MillraceError {
  return new MillraceError({
    code: 'BAD_COMMAND',
    what: `"${line.trim()}" is no command`,
    remedy: 'write kill 2, stop 2, start 2, isolate 2, heal 2, slow-disk 2 50ms or status',
  })
}
