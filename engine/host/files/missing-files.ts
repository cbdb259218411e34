import type { Disk } from '../../environment/index.ts'
import { nodeDefinitions } from '../../nodes/definitions.ts'
import { hasControlCharacter } from '../../pipeline/check-fields.ts'
import { configWithDefaults, fieldShown, textOf } from '../../pipeline/config.ts'
import type { PipelineDocument } from '../../pipeline/document.ts'
import type { Problem } from '../../pipeline/problem.ts'
import { problem } from '../../pipeline/problem-codes.ts'
import { isWithin, join } from './paths.ts'

/** Sources whose file is not there. Looks at the disk, and so is no part of the document's own validation. */
export async function missingFiles(
  disk: Disk,
  folder: string,
  document: PipelineDocument,
): Promise<Problem[]> {
  const named = document.nodes.flatMap((node) => {
    const definition = nodeDefinitions.get(node.kind)
    if (definition?.category !== 'source') return []
    const config = configWithDefaults(definition, node.config)
    return definition.fields
      .filter((field) => field.type === 'file' && fieldShown(field, config))
      .map((field) => ({ node, field: field.name, file: textOf(config, field.name) }))
  })
  const found: Problem[] = []
  for (const { node, field, file } of named) {
    const path = join(folder, file)
    // Empty fields, impossible names, and files outside of the folder, have problems of their own.
    if (file === '' || hasControlCharacter(file) || !isWithin(path, folder)) continue
    if ((await disk.stat(path))?.kind === 'file') continue
    found.push(
      problem('MR-131', {
        what: `${node.name}: the file ${file} is missing`,
        remedy: 'put it into the pipeline’s folder, or choose another',
        node: node.id,
        field,
      }),
    )
  }
  return found
}
