export { type Exported, type ExportedPipeline, type ExportRequest, exportProject } from './project.ts'
