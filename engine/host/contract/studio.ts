/** The studio itself: what it is, its settings, its log. */
import * as z from 'zod/mini'
import { method, nothing } from './method.ts'

export const studioMethods = {
  'studio.info': method(
    nothing,
    z.object({
      version: z.string(),
      shell: z.enum(['electron', 'browser']),
      platform: z.string(),
      dataFolder: z.string(),
      /** For new pipelines. */
      pipelinesFolder: z.string(),
      /** The pipeline named on the command line. */
      openPath: z.optional(z.string()),
    }),
  ),
  'studio.settings': method(nothing, z.object({ settings: z.record(z.string(), z.unknown()) })),
  'studio.saveSettings': method(z.object({ settings: z.record(z.string(), z.unknown()) }), nothing),
  'studio.log': method(
    z.object({ after: z.number() }),
    z.object({
      entries: z.array(
        z.object({
          sequence: z.number(),
          timeMs: z.number(),
          level: z.enum(['debug', 'info', 'warn', 'error']),
          source: z.string(),
          text: z.string(),
        }),
      ),
    }),
  ),
} as const
