import type { Processor, ProcessorContext, StreamRecord } from './api.ts'

/** What a step makes its processors with, one per task. */
export type ProcessorSupplier<VIn = unknown, VOut = unknown, KIn = string, KOut = KIn> = () => Processor<
  KIn,
  VIn,
  KOut,
  VOut
>

/**
 * The default export of a processor's file:
 * `export default processor<Flight, Alert>((record, ctx) => { … ctx.forward({ ...record, value: alert }) })`.
 */
export function processor<VIn = unknown, VOut = unknown, KIn = string, KOut = KIn>(
  process: (record: StreamRecord<KIn, VIn>, context: ProcessorContext<KOut, VOut>) => void,
): ProcessorSupplier<VIn, VOut, KIn, KOut> {
  return () => ({ process })
}
