import { MillraceError } from '../base/errors.ts'
import type { KStream, KTable, Serde, SourceOptions, StreamsBuilder, TableOptions, Topology } from './api.ts'
import type { SourceSpec } from './graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { type FlowSerdes, Stream } from './kstream.ts'
import { addTable } from './ktable.ts'
import { pass } from './operators/pass.ts'
import { jsonSerde } from './serdes.ts'
import type { GlobalKTable, GlobalTableOptions } from './table-api.ts'
import { buildTopology } from './topology.ts'

/** Begins a topology: sources first, then what follows them, then `build()`. */
export function createBuilder(): StreamsBuilder {
  return new Builder()
}

class Builder implements StreamsBuilder {
  readonly #graph = new GraphBuilder()

  stream<K, V>(topic: string, options: SourceOptions<K, V>): KStream<K, V> {
    const serdes = serdesOf(options)
    const node = this.#graph.add({
      name: options.name,
      kind: 'stream',
      detail: `topic ${topic}`,
      source: sourceOf(topic, options, serdes),
      create: pass,
    })
    return new Stream<K, V>(this.#graph, { node, output: 0 }, serdes, false)
  }

  table<K, V>(topic: string, options: TableOptions<K, V>): KTable<K, V> {
    const serdes = serdesOf(options)
    const node = this.#graph.add({
      name: `${options.name}-source`,
      reportAs: options.name,
      kind: 'table-source',
      detail: `topic ${topic}`,
      source: sourceOf(topic, options, serdes),
      create: pass,
    })
    return addTable<K, V>(this.#graph, { node, output: 0 }, serdes, options, 'table', '')
  }

  globalTable<K, V>(topic: string, options: GlobalTableOptions<K, V>): GlobalKTable<K, V> {
    const { name, store = name } = options
    const serdes = serdesOf(options)
    const source = sourceOf(topic, { name }, serdes)
    this.#graph.addGlobal({ name, source, storeName: store })
    return { store, key: serdes.key as Serde<K>, value: serdes.value as Serde<V> }
  }

  build(): Topology {
    this.#graph.close()
    return buildTopology(this.#graph)
  }
}

function serdesOf<K, V>(options: Pick<SourceOptions<K, V>, 'key' | 'value'>): FlowSerdes {
  return {
    key: (options.key as Serde<unknown> | undefined) ?? jsonSerde,
    value: (options.value as Serde<unknown> | undefined) ?? jsonSerde,
  }
}

function sourceOf<K, V>(topic: string, options: SourceOptions<K, V>, serdes: FlowSerdes): SourceSpec {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic)) {
    throw new MillraceError({
      code: 'BAD_TOPIC_NAME',
      what: `"${topic}" cannot be a topic's name`,
      where: options.name,
      remedy: 'use up to 249 letters, digits, ".", "_" and "-"',
    })
  }
  return {
    topic: { name: topic, internal: false },
    ...serdes,
    timestamp: (options.timestamp as SourceSpec['timestamp'] | undefined) ?? 'record',
    reset: options.reset ?? 'earliest',
  }
}
