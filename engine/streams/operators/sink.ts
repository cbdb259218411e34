import type { SinkSpec, StepLogic, StepSetup } from '../graph.ts'

export function sink(spec: SinkSpec) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      setup.send(spec, record)
    },
  })
}

/**
 * In front of a repartition topic: a record without a key belongs to no group and is discarded, uncounted, as the oracle does;
 * the optional side of a join lets it pass (KIP-962).
 */
export function repartitionSink(spec: SinkSpec, keepsNullKeys: boolean) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      if (record.key !== null || keepsNullKeys) setup.send(spec, record)
    },
  })
}
