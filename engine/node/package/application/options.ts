import { parseArgs } from 'node:util'
import { parseDurationMs } from '../../../base/units.ts'
import type { Feed, PlannedTopic, ProcessingGuarantee, Topology } from '../../../streams/index.ts'

export interface Application {
  /** Consumer group, and prefix of internal topics. */
  readonly applicationId: string
  readonly topology: Topology
  /** Default at_least_once. */
  readonly processingGuarantee?: ProcessingGuarantee
  /** Made at the start, where they are missing. */
  readonly topics?: readonly PlannedTopic[]
  /** What fills source topics from outside Kafka. */
  readonly feeds?: readonly Feed[]
  /** Files are named relative to it; default: the working directory. */
  readonly folder?: string
}

export interface RunSettings {
  /** Undefined: the embedded cluster. */
  readonly bootstrap: readonly string[] | undefined
  readonly untilIdle: boolean
  readonly forMs: number | undefined
  /** Feeds keep no pace. */
  readonly fast: boolean
  readonly stateFolder: string | undefined
}

/** From `KAFKA_BOOTSTRAP_SERVERS` and the command line: `--until-idle`, `--for 10s`, `--fast`, `--state DIR`. */
export function runSettings(args: readonly string[], variables: NodeJS.ProcessEnv): RunSettings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'until-idle': { type: 'boolean' },
      fast: { type: 'boolean' },
      for: { type: 'string' },
      state: { type: 'string' },
    },
  })
  const servers = (variables.KAFKA_BOOTSTRAP_SERVERS ?? '')
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '')
  return {
    bootstrap: servers.length === 0 ? undefined : servers,
    untilIdle: values['until-idle'] === true,
    forMs: values.for === undefined ? undefined : parseDurationMs(values.for, '--for'),
    fast: values.fast === true,
    stateFolder: values.state,
  }
}
