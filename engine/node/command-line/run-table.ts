import type { Sample } from '../../host/contract.ts'
import type { PipelineDocument } from '../../pipeline/document.ts'
import type { Output } from './output.ts'
import { tableLines } from './table.ts'

export interface NodeFigures {
  readonly in: number
  readonly out: number
  readonly dropped: number
  readonly failed: number
  readonly lagRecords?: number
  readonly lagMs?: number
}

/** What `run` tells of each node, in JSON. */
export function nodeFigures(sample: Sample): Record<string, NodeFigures> {
  return Object.fromEntries(
    Object.entries(sample.nodes).map(([id, node]) => [
      id,
      {
        in: node.in,
        out: node.out,
        dropped: node.dropped,
        failed: node.failed,
        lagRecords: node.lagRecords,
        lagMs: node.lagMs,
      },
    ]),
  )
}

const columns = ['node', 'in', 'out', 'in/s', 'out/s', 'dropped', 'failed', 'lag']

/** The nodes' figures as a table: redrawn in place on a terminal, printed once at the end elsewhere. */
export class LiveTable {
  readonly #output: Output
  readonly #document: PipelineDocument
  #linesShown = 0

  constructor(output: Output, document: PipelineDocument) {
    this.#output = output
    this.#document = document
  }

  show(sample: Sample): void {
    if (!this.#output.isTerminal) return
    const lines = [
      `${this.#document.name} · ${sample.state} · ${seconds(sample.elapsedMs)}`,
      ...this.#rows(sample),
    ]
    const back = this.#linesShown > 0 ? `\x1b[${this.#linesShown}A` : ''
    process.stdout.write(back + lines.map((line) => `\x1b[2K${line}\n`).join(''))
    this.#linesShown = lines.length
  }

  end(sample: Sample | undefined, reason: string): void {
    if (!this.#output.isTerminal && sample) for (const row of this.#rows(sample)) this.#output.line(row)
    const verdict = sample?.verdict
    if (verdict) {
      this.#output.line(
        `acknowledged ${verdict.acknowledged} · lost ${verdict.lost} · duplicates ${verdict.duplicates}`,
      )
    }
    this.#output.line(`ended: ${reason}`)
  }

  #rows(sample: Sample): string[] {
    const rows = this.#document.nodes.flatMap(({ id, name }) => {
      const node = sample.nodes[id]
      if (!node) return []
      const { dropped, failed, lagRecords } = node
      return [
        [
          name,
          node.in,
          node.out,
          Math.round(node.inPerSec),
          Math.round(node.outPerSec),
          dropped,
          failed,
          lagRecords ?? '–',
        ],
      ]
    })
    return tableLines(columns, rows)
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
