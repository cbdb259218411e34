import type { ExternalSink, StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'

/** Gathers a commit interval's records and hands them over before the commit, which waits for it. */
export function external(supplier: () => ExternalSink) {
  return (setup: StepSetup): StepLogic => {
    const sink = supplier()
    let open = false
    let gathered: StreamRecord[] = []
    return {
      process(record) {
        gathered.push(record)
      },
      async beforeCommit() {
        if (gathered.length === 0) return
        if (!open) {
          await sink.open?.({ id: setup.task.id, partition: setup.task.partition })
          open = true
        }
        // They stay ours until the sink has them.
        await sink.deliver(gathered)
        // Nothing follows a sink: this counts what went out.
        for (const record of gathered) setup.forward(record)
        gathered = []
      },
      discard() {
        const count = gathered.length
        gathered = []
        return count
      },
      async close() {
        if (open) await sink.close?.()
      },
    }
  }
}
