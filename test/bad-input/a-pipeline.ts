/** Numbers from a file through a processor into a topic, with one thing wrong. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { numbersPipeline } from '../runner/a-run.ts'

export interface Wrong {
  readonly document?: (document: PipelineDocument) => object
  /** Instead of the document. */
  readonly text?: string
  /** Of the processor's body; its first line is line 4 of the file. */
  readonly body?: string
  /** Instead of the whole processor. */
  readonly code?: string
  /** Instead of 600 numbers; null leaves the file away. */
  readonly input?: string | null
}

const numbers = Array.from({ length: 600 }, (_, index) => JSON.stringify({ n: index + 1 })).join('\n')

export class Pipelines {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'millrace-pipelines-'))

  write(id: string, wrong: Wrong = {}): string {
    const folder = path.join(this.folder, id)
    mkdirSync(path.join(folder, 'processors'), { recursive: true })
    const document = wrong.document?.(numbersPipeline(id)) ?? numbersPipeline(id)
    writeFileSync(path.join(folder, 'pipeline.json'), wrong.text ?? JSON.stringify(document))
    writeFileSync(path.join(folder, 'processors/work.ts'), wrong.code ?? processorWith(wrong.body ?? ''))
    if (wrong.input !== null) writeFileSync(path.join(folder, 'numbers.ndjson'), wrong.input ?? numbers)
    return folder
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function processorWith(body: string): string {
  return `import { processor } from 'millrace'
const kept: unknown[] = []
export default processor<{ n: number }, { n: number }>((record, ctx) => {
${body}
  ctx.forward(record)
})
`
}
