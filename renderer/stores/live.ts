/**
 * Live figures, outside React: a sample comes four times a second, and what shows one writes it into its own elements.
 * A component that needs a figure to render subscribes to that figure alone.
 */
import { useSyncExternalStore } from 'react'
import type { NodeMetrics, Sample } from '../../engine/host/contract.ts'

type Listener = (sample: Sample | undefined) => void

/** Four a second for a minute. */
const historyMax = 240

let latest: Sample | undefined
let receivedMs = 0
const histories = new Map<string, number[]>()
const listeners = new Set<Listener>()

export const latestSample = () => latest
export const latestReceivedMs = () => receivedMs

/** Records a second over the last minute, oldest first. */
export const throughputOf = (node: string): readonly number[] => histories.get(node) ?? []

export function pushSample(sample: Sample): void {
  if (latest?.runId !== sample.runId) histories.clear()
  latest = sample
  receivedMs = Date.now()
  for (const [node, metrics] of Object.entries(sample.nodes)) {
    const history = histories.get(node) ?? []
    history.push(metrics.outPerSec || metrics.inPerSec)
    if (history.length > historyMax) history.shift()
    histories.set(node, history)
  }
  for (const listener of listeners) listener(sample)
}

export function clearSamples(): void {
  latest = undefined
  histories.clear()
  for (const listener of listeners) listener(undefined)
}

/** Called at once with what is known, then with every sample. */
export function watchSamples(listener: Listener): () => void {
  listeners.add(listener)
  listener(latest)
  return () => void listeners.delete(listener)
}

const subscribe = (changed: () => void) => {
  const listener = () => changed()
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** `pick` must give a primitive, or an object that is the same while nothing changed. */
export function useLive<T>(pick: (sample: Sample | undefined) => T): T {
  return useSyncExternalStore(subscribe, () => pick(latest))
}

export const useNodeMetrics = (node: string): NodeMetrics | undefined =>
  useLive((sample) => sample?.nodes[node])

/** Whether any record has gone from node to node in this run. */
export const hasMoved = (sample: Sample) =>
  Object.values(sample.edges).some(({ total }) => total > 0) ||
  Object.values(sample.nodes).some((node) => node.in > 0 || node.out > 0)

/** Topics that the run's sources read, sorted. */
export const topicsRead = (sample: Sample | undefined): string[] =>
  Object.values(sample?.nodes ?? {})
    .flatMap(({ topic, lagPerPartition }) => (topic && lagPerPartition ? [topic] : []))
    .sort()
