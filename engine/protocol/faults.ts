import { isMillraceError, MillraceError } from '../base/errors.ts'

/**
 * Bytes that are not what their schema says. `path` is the field's, such as `topics[2].name`; `position` counts
 * bytes from the start of the buffer that was being read.
 */
export function malformed(what: string, position: number, path = '', cause?: unknown): MillraceError {
  return new MillraceError({
    code: 'MALFORMED_FRAME',
    what,
    where: path === '' ? `byte ${position}` : `${path}, byte ${position}`,
    remedy: "check that the peer speaks Kafka's protocol",
    details: { path, position },
    cause,
  })
}

/** A value that its schema cannot carry in this version: a programmer's mistake on our side of the wire. */
export function cannotEncode(what: string, path = '', cause?: unknown): MillraceError {
  return new MillraceError({ code: 'CANNOT_ENCODE', what, where: path, details: { path }, cause })
}

/** The same fault with one more step in front of its path; other errors pass unchanged. */
export function inside(segment: string, thrown: unknown): unknown {
  if (isMillraceError(thrown, 'MALFORMED_FRAME')) {
    return malformed(thrown.what, Number(thrown.details?.position ?? 0), joined(segment, thrown))
  }
  if (isMillraceError(thrown, 'CANNOT_ENCODE')) return cannotEncode(thrown.what, joined(segment, thrown))
  return thrown
}

function joined(segment: string, fault: MillraceError): string {
  const rest = String(fault.details?.path ?? '')
  if (rest === '') return segment
  return rest.startsWith('[') ? segment + rest : `${segment}.${rest}`
}
