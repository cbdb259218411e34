import { MillraceError } from '../base/errors.ts'
import type { Processor } from './api.ts'

/** The default export of a processor's module: what `processor(…)` gives, or any function that makes processors. */
export function supplierFrom(exports: Readonly<Record<string, unknown>>, path: string): () => Processor {
  const made = exports.default
  if (typeof made !== 'function') {
    throw new MillraceError({
      code: 'BAD_PROCESSOR',
      what: 'the module has no processor as its default export',
      where: path,
      remedy: 'write: export default processor((record, ctx) => { … })',
    })
  }
  return () => Reflect.apply(made, undefined, []) as Processor
}
