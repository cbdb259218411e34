/** Nodes that no longer are what runs. Names, notes and places do not count: they restart nothing. */
import { useMemo } from 'react'
import { create } from 'zustand'
import type { PipelineDocument, PipelineNode } from '../../engine/pipeline/document.ts'
import { type SourceFile, useDocument } from './document-store.ts'
import { useRunning } from './run.ts'

export interface Version {
  readonly path: string
  readonly document: PipelineDocument
  readonly files: readonly SourceFile[]
}

/** What was saved when the run began; for a run that began before this window, what was saved when it opened. */
export const useRunningVersion = create<{ readonly version: Version | undefined }>(() => ({
  version: undefined,
}))

const none: ReadonlySet<string> = new Set()

export function useChangedNodes(): ReadonlySet<string> {
  const pipeline = useDocument((state) => state.pipeline)
  const running = useRunning(pipeline?.path)
  const version = useRunningVersion((state) => state.version)
  return useMemo(
    () => (running && pipeline && version?.path === pipeline.path ? changedNodes(version, pipeline) : none),
    [running, pipeline, version],
  )
}

export function changedNodes(
  before: Pick<Version, 'document' | 'files'>,
  now: Pick<Version, 'document' | 'files'>,
): ReadonlySet<string> {
  if (before.document === now.document && before.files === now.files) return none
  const old = new Map(before.document.nodes.map((node) => [node.id, essence(node, before)]))
  return new Set(
    now.document.nodes.filter((node) => old.get(node.id) !== essence(node, now)).map((node) => node.id),
  )
}

function essence(node: PipelineNode, version: Pick<Version, 'document' | 'files'>): string {
  const code = version.files
    .filter((file) => Object.values(node.config).includes(file.path))
    .map((file) => file.text)
  const inputs = version.document.edges
    .filter((edge) => edge.to.node === node.id)
    .map((edge) => `${edge.from.node}/${edge.from.port}>${edge.to.port}`)
    .sort()
  return JSON.stringify([node.kind, node.config, node.bypass ?? false, node.onError, code, inputs])
}
