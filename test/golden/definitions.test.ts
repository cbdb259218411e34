import { describe, expect, it } from 'vitest'
import type { Api } from '../../engine/protocol/api.ts'
import { apis } from '../../engine/protocol/apis/index.ts'
import type { Field, FieldType } from '../../engine/protocol/schema.ts'
import { readGolden } from './golden-data.ts'

interface Definition {
  readonly api: number
  readonly kind: 'request' | 'response'
  /** By path: versions in which it may be null, and whether it may be dropped in versions without it. */
  readonly fields: Readonly<Record<string, readonly [nullable: string, isIgnorable: boolean]>>
}

/** What handlers fill in whatever the version, to be dropped where a version has no place for it. */
const droppedHere: Readonly<Record<string, readonly string[]>> = {
  Produce: ['nodeEndpoints', 'responses.partitionResponses.currentLeader'],
  Fetch: ['nodeEndpoints', 'responses.partitions.currentLeader'],
  ListOffsets: ['topics.partitions.leaderEpoch'],
  FindCoordinator: ['errorCode', 'nodeId', 'host', 'port'],
}

const definitions = readGolden<Definition[]>('definitions.golden.json')

interface Place {
  readonly path: string
  readonly field: Field
  /** Versions that have it, and all that it lies in. */
  readonly versions: readonly number[]
}

function placesIn(type: FieldType, versions: readonly number[], path = ''): Place[] {
  if (type.kind === 'array') return placesIn(type.of, versions, path)
  if (type.kind !== 'struct') return []
  return Object.entries(type.fields).flatMap(([name, field]): Place[] => {
    const { since = 0, until = Number.POSITIVE_INFINITY } = field.options
    const present = versions.filter((version) => version >= since && version <= until)
    const inner = placesIn(field.type, present, `${path}${name}.`)
    return [{ path: path + name, field, versions: present }, ...inner]
  })
}

describe.each(apis.map((api) => [api.name, api as Api] as const))('%s', (_, api) => {
  const [first, last] = api.versions
  const versions = Array.from({ length: last - first + 1 }, (_, index) => first + index)

  it.each(['request', 'response'] as const)(
    "has %s fields that are null and dropped where Kafka's are",
    (kind) => {
      const theirs = definitions.find((one) => one.api === api.key && one.kind === kind)!.fields
      const found: Record<string, unknown> = {}
      const expected: Record<string, unknown> = {}
      for (const { path, field, versions: present } of placesIn(api[kind].schema.type, versions)) {
        const { nullableSince = last + 1, ignorable = false } = field.options
        const [nullable, isIgnorable] = theirs[path]!
        // Where every version has it, there is nothing to drop.
        const isOurs = present.length === versions.length || droppedHere[api.name]?.includes(path)
        found[path] = [present.filter((version) => version >= nullableSince), isOurs || ignorable]
        expected[path] = [present.filter((version) => covers(nullable, version)), isOurs || isIgnorable]
      }
      expect(found).toEqual(expected)
    },
  )
})

/** Kafka's way to write versions: `none`, `3`, `3-5`, `3+`. */
function covers(range: string, version: number): boolean {
  if (range === 'none') return false
  const [from, to] = range.split('-').map(Number.parseFloat)
  return version >= from! && (range.endsWith('+') || version <= (to ?? from!))
}
