/** Where sinks write files: not over one another, and not over what belongs to the pipeline or is read by it. */
import { configWithDefaults, type Definitions, textOf } from './config.ts'
import type { PipelineDocument, PipelineNode } from './document.ts'
import type { Problem } from './problem.ts'
import { problem } from './problem-codes.ts'

interface NamedFile {
  readonly node: PipelineNode
  readonly field: string
  readonly path: string
}

/** Relative to the pipeline's folder, without `.`, `..` and empty parts; the folder itself is the empty path. */
export function plainPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split(/[\\/]/)) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}

export function sinkFiles(document: PipelineDocument, definitions: Definitions): Problem[] {
  const written: NamedFile[] = []
  const used: NamedFile[] = []
  for (const node of document.nodes) {
    const definition = definitions.get(node.kind)
    if (!definition) continue
    const config = configWithDefaults(definition, node.config)
    for (const { type, name } of definition.fields) {
      const text = textOf(config, name)
      if ((type !== 'file' && type !== 'code') || text === '') continue
      const isWritten = type === 'file' && definition.category === 'sink'
      ;(isWritten ? written : used).push({ node, field: name, path: plainPath(text) })
    }
  }
  return written.flatMap((file, index) => {
    const earlier = written.slice(0, index).find(({ path }) => isSame(path, file.path))
    return [...(earlier ? [sameFile(file, earlier)] : []), ...overwritten(file, used)]
  })
}

function overwritten(file: NamedFile, used: readonly NamedFile[]): Problem[] {
  const user = used.find(({ path }) => isSame(path, file.path) || isAbove(file.path, path))
  const what = user
    ? isSame(user.path, file.path)
      ? `is what ${user.node.name} reads`
      : `is the folder of what ${user.node.name} reads`
    : reserved(file.path)
  if (what === undefined) return []
  return [
    problem('MR-214', {
      what: `${file.node.name} cannot write “${file.path === '' ? '.' : file.path}”: it ${what}`,
      remedy: 'let it write a file of its own, such as out/records.ndjson',
      node: file.node.id,
      field: file.field,
    }),
  ]
}

/** What a pipeline's folder holds besides the files that its nodes name. */
function reserved(path: string): string | undefined {
  const folded = fold(path)
  if (folded === '') return 'is the pipeline’s folder'
  if (folded === 'pipeline.json' || folded === 'readme.md') return 'belongs to the pipeline'
  if (folded === 'processors' || folded.startsWith('processors/')) return 'is among the processors'
  return folded.endsWith('.ts') ? 'is a file of code' : undefined
}

function sameFile(file: NamedFile, other: NamedFile): Problem {
  return problem('MR-209', {
    what: `${file.node.name} writes ${file.path}, and so does ${other.node.name}`,
    remedy: 'give one of them another file, or merge the streams into one sink',
    node: file.node.id,
    field: file.field,
  })
}

/** On many disks names that differ in their letters' case are one file. */
function fold(path: string): string {
  return path.normalize('NFC').toLowerCase()
}

function isSame(a: string, b: string): boolean {
  return fold(a) === fold(b)
}

function isAbove(folder: string, path: string): boolean {
  return folder !== '' && fold(path).startsWith(`${fold(folder)}/`)
}
