/** The open pipeline: the document and the processors' texts, what of them is saved, and the way back. */
import { create } from 'zustand'
import type { Output } from '../../engine/host/contract.ts'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import type { Edit } from '../../engine/pipeline/edits.ts'
import { emptyHistory, type History, perform, repeat, takeBack } from './history.ts'

export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface OpenPipeline {
  readonly path: string
  readonly document: PipelineDocument
  readonly files: readonly SourceFile[]
  readonly saved: { readonly document: PipelineDocument; readonly files: readonly SourceFile[] }
  readonly savedMs: number | undefined
  readonly assets: readonly string[]
  readonly readme: string | undefined
  readonly trusted: boolean
  readonly sample: boolean
  readonly changedOnDisk: boolean
}

interface DocumentStore {
  readonly pipeline: OpenPipeline | undefined
  readonly history: History
}

export const useDocument = create<DocumentStore>(() => ({ pipeline: undefined, history: emptyHistory }))

export const openPipeline = () => useDocument.getState().pipeline
export const openDocument = () => useDocument.getState().pipeline?.document

export function adopt(opened: Output<'pipeline.open'>): void {
  const { path, document, files, assets, readme, trusted, sample } = opened
  useDocument.setState({
    history: emptyHistory,
    pipeline: {
      path,
      document,
      files,
      assets,
      readme,
      trusted,
      sample,
      saved: { document, files },
      savedMs: undefined,
      changedOnDisk: false,
    },
  })
}

/** A draft that a crash left behind, over what is saved; it stays unsaved. */
export function adoptDraft(draft: { document: PipelineDocument; files: readonly SourceFile[] }): void {
  patch({ document: draft.document, files: draft.files })
}

export function close(): void {
  useDocument.setState({ pipeline: undefined, history: emptyHistory })
}

export function patch(part: Partial<OpenPipeline>): void {
  useDocument.setState((state) => (state.pipeline ? { pipeline: { ...state.pipeline, ...part } } : state))
}

/** Edits of one `stay` that go on with each other are one step of undo. */
export function change(edit: Edit, stay?: number): void {
  const { pipeline, history } = useDocument.getState()
  if (!pipeline) return
  const next = perform(pipeline.document, history, edit, stay)
  useDocument.setState({ pipeline: { ...pipeline, document: next.document }, history: next.history })
}

export const undo = () => travel(takeBack)
export const redo = () => travel(repeat)

function travel(step: typeof takeBack): string | undefined {
  const { pipeline, history } = useDocument.getState()
  const next = pipeline && step(pipeline.document, history)
  if (!next) return undefined
  useDocument.setState({ pipeline: { ...pipeline, document: next.document }, history: next.history })
  return next.label
}

export function setFileText(path: string, text: string): void {
  const files = openPipeline()?.files
  if (!files) return
  const known = files.some((file) => file.path === path)
  if (known && files.some((file) => file.path === path && file.text === text)) return
  patch({
    files: known
      ? files.map((file) => (file.path === path ? { path, text } : file))
      : [...files, { path, text }],
  })
}

export function isUnsaved(pipeline: OpenPipeline | undefined): boolean {
  if (!pipeline) return false
  const { document, saved } = pipeline
  return !sameText(document, saved.document) || !sameText(filesToSave(pipeline), saved.files)
}

/** A file that was made for a node which is gone again is not written. */
export function filesToSave(pipeline: OpenPipeline): readonly SourceFile[] {
  const { document, files, saved } = pipeline
  const named = new Set(
    document.nodes.flatMap((node) => Object.values(node.config).filter((value) => typeof value === 'string')),
  )
  return files.filter((file) => named.has(file.path) || saved.files.some((kept) => kept.path === file.path))
}

const texts = new WeakMap<object, string>()

function sameText(left: object, right: object): boolean {
  return left === right || textOf(left) === textOf(right)
}

function textOf(value: object): string {
  const known = texts.get(value) ?? JSON.stringify(value)
  texts.set(value, known)
  return known
}
