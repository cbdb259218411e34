/**
 * Undo and redo over a document. One gesture is one step; edits that only go on with what the last began (typing in one
 * field, an arrow key held down) join it when they are made during the same stay, however long that takes.
 */
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { apply, coalesces, type Edit, editLabel } from '../../engine/pipeline/edits.ts'

export interface Step {
  readonly label: string
  readonly forward: Edit
  readonly backward: Edit
  /** Edits made outside of any stay join nothing. */
  readonly stay: number | undefined
  /** Nothing joins a step that was undone and repeated. */
  readonly sealed: boolean
}

export interface History {
  readonly undo: readonly Step[]
  readonly redo: readonly Step[]
}

export const emptyHistory: History = { undo: [], redo: [] }

const stepsMax = 500

export interface Travelled {
  readonly label: string
  readonly document: PipelineDocument
  readonly history: History
}

export function perform(document: PipelineDocument, history: History, edit: Edit, stay?: number): Travelled {
  const applied = apply(document, edit)
  const last = history.undo.at(-1)
  const joins =
    last !== undefined &&
    !last.sealed &&
    stay !== undefined &&
    last.stay === stay &&
    history.redo.length === 0 &&
    coalesces(last.forward, edit)
  const step: Step = {
    label: editLabel(edit),
    forward: edit,
    backward: joins ? last.backward : applied.inverse,
    stay,
    sealed: false,
  }
  const kept = joins ? history.undo.slice(0, -1) : history.undo
  const undo = joins && doesNothing(step, applied.document) ? kept : [...kept, step].slice(-stepsMax)
  return { label: step.label, document: applied.document, history: { undo, redo: [] } }
}

/** What was typed is deleted again. */
function doesNothing(step: Step, document: PipelineDocument): boolean {
  return JSON.stringify(apply(document, step.backward).document) === JSON.stringify(document)
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
