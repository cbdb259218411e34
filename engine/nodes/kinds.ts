// Generated from the folders beside this file by `npm run generate:nodes`. Do not edit.
import { compile as branchCompile } from './branch/compile.ts'
import { definition as branch } from './branch/definition.ts'
import { compile as fileSinkCompile } from './file-sink/compile.ts'
import { definition as fileSink } from './file-sink/definition.ts'
import { runtime as fileSinkRuntime } from './file-sink/runtime.ts'
import { compile as fileSourceCompile } from './file-source/compile.ts'
import { definition as fileSource } from './file-source/definition.ts'
import { runtime as fileSourceRuntime } from './file-source/runtime.ts'
import { compile as filterCompile } from './filter/compile.ts'
import { definition as filter } from './filter/definition.ts'
import { compile as flatMapCompile } from './flat-map/compile.ts'
import { definition as flatMap } from './flat-map/definition.ts'
import { compile as generatorSourceCompile } from './generator-source/compile.ts'
import { definition as generatorSource } from './generator-source/definition.ts'
import { runtime as generatorSourceRuntime } from './generator-source/runtime.ts'
import { kindsByName, type NodeKind } from './kind.ts'
import { compile as mapCompile } from './map/compile.ts'
import { definition as map } from './map/definition.ts'
import { compile as mergeCompile } from './merge/compile.ts'
import { definition as merge } from './merge/definition.ts'
import { compile as processorCompile } from './processor/compile.ts'
import { definition as processor } from './processor/definition.ts'
import { compile as selectKeyCompile } from './select-key/compile.ts'
import { definition as selectKey } from './select-key/definition.ts'
import { compile as streamStreamJoinCompile } from './stream-stream-join/compile.ts'
import { definition as streamStreamJoin } from './stream-stream-join/definition.ts'
import { compile as streamTableJoinCompile } from './stream-table-join/compile.ts'
import { definition as streamTableJoin } from './stream-table-join/definition.ts'
import { compile as toTableCompile } from './to-table/compile.ts'
import { definition as toTable } from './to-table/definition.ts'
import { compile as topicSinkCompile } from './topic-sink/compile.ts'
import { definition as topicSink } from './topic-sink/definition.ts'
import { compile as topicSourceCompile } from './topic-source/compile.ts'
import { definition as topicSource } from './topic-source/definition.ts'
import { compile as windowAggregateCompile } from './window-aggregate/compile.ts'
import { definition as windowAggregate } from './window-aggregate/definition.ts'

export const kinds: readonly NodeKind[] = [
  { definition: branch, compile: branchCompile },
  { definition: fileSink, compile: fileSinkCompile, runtime: fileSinkRuntime },
  { definition: fileSource, compile: fileSourceCompile, runtime: fileSourceRuntime },
  { definition: filter, compile: filterCompile },
  { definition: flatMap, compile: flatMapCompile },
  { definition: generatorSource, compile: generatorSourceCompile, runtime: generatorSourceRuntime },
  { definition: map, compile: mapCompile },
  { definition: merge, compile: mergeCompile },
  { definition: processor, compile: processorCompile },
  { definition: selectKey, compile: selectKeyCompile },
  { definition: streamStreamJoin, compile: streamStreamJoinCompile },
  { definition: streamTableJoin, compile: streamTableJoinCompile },
  { definition: toTable, compile: toTableCompile },
  { definition: topicSink, compile: topicSinkCompile },
  { definition: topicSource, compile: topicSourceCompile },
  { definition: windowAggregate, compile: windowAggregateCompile },
]

export const nodeKinds = kindsByName(kinds)
