import type { Environment } from '../environment/index.ts'
import type { Output } from './contract.ts'
import { readPipeline } from './files/read-pipeline.ts'

export interface ExportRequest {
  readonly path: string
  readonly target: 'node'
  readonly out: string
}

/** Writes a project that runs the pipeline by itself. The code for it is loaded when it is first asked for. */
export async function exportPipeline(
  environment: Environment,
  { path, target, out }: ExportRequest,
  packagePath: string | undefined,
  libraryFolder?: string,
): Promise<Output<'pipeline.export'>> {
  const pipeline = await readPipeline(environment.disk, path)
  const { exportProject } = await import('../export/index.ts')
  const { files, commands } = await exportProject(environment, {
    pipeline,
    target,
    out,
    packagePath,
    libraryFolder,
  })
  return { out, files: [...files], commands: [...commands] }
}
