/** Start page, folders and pipelines. */
import * as z from 'zod/mini'
import type { PipelineDocument } from '../../pipeline/document.ts'
import type { Problem } from '../../pipeline/problem.ts'
import { method, nothing } from './method.ts'

const document = z.custom<PipelineDocument>((value) => typeof value === 'object' && value !== null)
const problem = z.custom<Problem>((value) => typeof value === 'object' && value !== null)

const sourceFile = z.object({ path: z.string(), text: z.string() })

const pipelineEntry = z.object({
  path: z.string(),
  name: z.string(),
  description: z.string(),
  nodes: z.number(),
  /** Undefined for samples. */
  openedMs: z.optional(z.number()),
  missing: z.boolean(),
})

const flowType = z.object({ key: z.string(), value: z.string() })

const analysis = z.object({
  problems: z.array(problem),
  /** By edge id: TypeScript types of what flows. */
  edges: z.record(z.string(), flowType),
  /** By node id, for processor nodes: declarations for the editor, with the real types of what flows in and out. */
  editors: z.record(
    z.string(),
    z.object({ path: z.string(), declarations: z.string(), input: flowType, output: flowType }),
  ),
  /** The compiled topology, printed. */
  topology: z.optional(z.string()),
})

export const pipelineMethods = {
  'start.list': method(
    nothing,
    z.object({ samples: z.array(pipelineEntry), recent: z.array(pipelineEntry) }),
  ),
  'start.forget': method(z.object({ path: z.string() }), nothing),

  /** Folders and pipeline files, for the browser's open and save dialogs. */
  'files.list': method(
    z.object({ path: z.optional(z.string()) }),
    z.object({
      path: z.string(),
      parent: z.optional(z.string()),
      entries: z.array(
        z.object({ name: z.string(), path: z.string(), kind: z.enum(['folder', 'pipeline', 'file']) }),
      ),
    }),
  ),

  'pipeline.create': method(
    z.object({ name: z.string(), folder: z.optional(z.string()) }),
    z.object({ path: z.string() }),
  ),
  /** Opening a sample of the checkout edits it in place; `copyTo` makes a copy first. */
  'pipeline.open': method(
    z.object({ path: z.string() }),
    z.object({
      path: z.string(),
      document,
      files: z.array(sourceFile),
      /** Data files and others that can be named in fields. */
      assets: z.array(z.string()),
      readme: z.optional(z.string()),
      trusted: z.boolean(),
      sample: z.boolean(),
      /** Of an unsaved draft that a crash left behind. */
      draft: z.optional(z.object({ document, files: z.array(sourceFile), savedMs: z.number() })),
    }),
  ),
  'pipeline.save': method(
    z.object({ path: z.string(), document, files: z.array(sourceFile) }),
    z.object({ savedMs: z.number() }),
  ),
  'pipeline.saveAs': method(
    z.object({ path: z.string(), to: z.string(), document, files: z.array(sourceFile) }),
    z.object({ path: z.string() }),
  ),
  'pipeline.saveDraft': method(z.object({ path: z.string(), document, files: z.array(sourceFile) }), nothing),
  'pipeline.dropDraft': method(z.object({ path: z.string() }), nothing),
  /** Copies a data file into the pipeline's folder; `file` is its path there. */
  'pipeline.bringFile': method(
    z.object({ path: z.string(), from: z.string() }),
    z.object({ file: z.string(), assets: z.array(z.string()) }),
  ),
  'pipeline.trust': method(z.object({ path: z.string() }), nothing),
  'pipeline.analyze': method(z.object({ path: z.string(), document, files: z.array(sourceFile) }), analysis),
  'pipeline.export': method(
    z.object({ path: z.string(), target: z.enum(['node']), out: z.string() }),
    z.object({ out: z.string(), files: z.array(z.string()), commands: z.array(z.string()) }),
  ),
} as const

export type Analysis = z.infer<typeof analysis>
export type PipelineEntry = z.infer<typeof pipelineEntry>
