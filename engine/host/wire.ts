/**
 * The messages of the RPC: JSON arrays in UTF-8, their kind first. Each side checks by the contract's schemas what it
 * receives: the host inputs, the window outputs and events.
 */
import * as z from 'zod/mini'
import { type ErrorParts, MillraceError } from '../base/errors.ts'

const errorParts = z.object({
  code: z.string(),
  what: z.string(),
  where: z.optional(z.string()),
  remedy: z.optional(z.string()),
  details: z.optional(z.record(z.string(), z.unknown())),
})

const message = z.union([
  z.tuple([z.literal('call'), z.number(), z.string(), z.unknown()]),
  z.tuple([z.literal('done'), z.number(), z.unknown()]),
  z.tuple([z.literal('failed'), z.number(), errorParts]),
  z.tuple([z.literal('event'), z.string(), z.unknown()]),
])

export type Message = z.infer<typeof message>

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeMessage(value: Message): Uint8Array {
  return encoder.encode(JSON.stringify(value))
}

/** @throws MillraceError BAD_MESSAGE */
export function decodeMessage(bytes: Uint8Array): Message {
  try {
    return message.parse(JSON.parse(decoder.decode(bytes)))
  } catch (thrown) {
    throw new MillraceError({
      code: 'BAD_MESSAGE',
      what: 'a message between the window and the engine can not be read',
      remedy: 'reload the window',
      cause: thrown,
    })
  }
}

/** What of an error crosses: never its stack or cause. */
export function errorOnWire(thrown: unknown): ErrorParts {
  const { code, what, where, remedy, details } = MillraceError.from(thrown)
  return { code, what, where, remedy, details }
}

/** The first thing that a schema found wrong, as `path: reason`. */
export function explainSchema(error: z.core.$ZodError): string {
  const issue = error.issues[0]
  if (!issue) return 'it does not have the expected form'
  const path = issue.path.map(String).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
