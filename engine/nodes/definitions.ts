// Generated from the folders beside this file by `npm run generate:nodes`. Do not edit.
import { definitionsByKind, type NodeDefinition, paletteOrder } from '../pipeline/index.ts'
import { definition as branch } from './branch/definition.ts'
import { definition as fileSink } from './file-sink/definition.ts'
import { definition as fileSource } from './file-source/definition.ts'
import { definition as filter } from './filter/definition.ts'
import { definition as flatMap } from './flat-map/definition.ts'
import { definition as generatorSource } from './generator-source/definition.ts'
import { definition as map } from './map/definition.ts'
import { definition as merge } from './merge/definition.ts'
import { definition as processor } from './processor/definition.ts'
import { definition as selectKey } from './select-key/definition.ts'
import { definition as streamStreamJoin } from './stream-stream-join/definition.ts'
import { definition as streamTableJoin } from './stream-table-join/definition.ts'
import { definition as toTable } from './to-table/definition.ts'
import { definition as topicSink } from './topic-sink/definition.ts'
import { definition as topicSource } from './topic-source/definition.ts'
import { definition as windowAggregate } from './window-aggregate/definition.ts'

/** In the palette's order. */
export const definitions: readonly NodeDefinition[] = paletteOrder([
  branch,
  fileSink,
  fileSource,
  filter,
  flatMap,
  generatorSource,
  map,
  merge,
  processor,
  selectKey,
  streamStreamJoin,
  streamTableJoin,
  toTable,
  topicSink,
  topicSource,
  windowAggregate,
])

export const nodeDefinitions = definitionsByKind(definitions)
