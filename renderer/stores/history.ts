/**
 * Undo and redo over a document. One gesture is one step; edits that only go on with what the last began (typing in one
 * field, nudging with the arrows) join it when they follow within a second.
 */
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { apply, coalesces, type Edit, editLabel } from '../../engine/pipeline/edits.ts'

export interface Step {
  readonly label: string
  readonly forward: Edit
  readonly backward: Edit
  readonly atMs: number
  /** Nothing joins a step that was undone and repeated. */
  readonly sealed: boolean
}

export interface History {
  readonly undo: readonly Step[]
  readonly redo: readonly Step[]
}

export const emptyHistory: History = { undo: [], redo: [] }

const stepsMax = 500
const joinsWithinMs = 1000

export interface Travelled {
  readonly label: string
  readonly document: PipelineDocument
  readonly history: History
}

export function perform(document: PipelineDocument, history: History, edit: Edit, nowMs: number): Travelled {
  const applied = apply(document, edit)
  const last = history.undo.at(-1)
  const joins =
    last !== undefined &&
    !last.sealed &&
    history.redo.length === 0 &&
    nowMs - last.atMs < joinsWithinMs &&
    coalesces(last.forward, edit)
  const step: Step = {
    label: editLabel(edit),
    forward: edit,
    backward: joins ? last.backward : applied.inverse,
    atMs: nowMs,
    sealed: false,
  }
  const kept = joins ? history.undo.slice(0, -1) : history.undo
  return {
    label: step.label,
    document: applied.document,
    history: { undo: [...kept, step].slice(-stepsMax), redo: [] },
  }
}

export function takeBack(document: PipelineDocument, history: History): Travelled | undefined {
  const step = history.undo.at(-1)
  if (!step) return undefined
  return {
    label: step.label,
    document: apply(document, step.backward).document,
    history: { undo: history.undo.slice(0, -1), redo: [...history.redo, step] },
  }
}

export function repeat(document: PipelineDocument, history: History): Travelled | undefined {
  const step = history.redo.at(-1)
  if (!step) return undefined
  return {
    label: step.label,
    document: apply(document, step.forward).document,
    history: { undo: [...history.undo, { ...step, sealed: true }], redo: history.redo.slice(0, -1) },
  }
}
