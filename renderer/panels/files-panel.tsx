import { Braces, FileJson2, FilePlus2, FileSpreadsheet, FileText } from 'lucide-react'
import { IconButton } from '../parts/controls.tsx'
import { useDocument } from '../stores/document-store.ts'
import { showFile, useReveal } from '../stores/reveal.ts'
import { openDialog } from '../stores/studio.ts'

const dataExtensions = ['csv', 'tsv', 'ndjson', 'jsonl', 'json']

/** The pipeline's folder: processors open in the editor; data files are named, to be chosen in forms. */
export function FilesPanel() {
  const pipeline = useDocument((state) => state.pipeline)
  const open = useReveal((state) => state.file)
  if (!pipeline) return null
  const saved = new Map(pipeline.saved.files.map((file) => [file.path, file.text]))
  const code = new Set(pipeline.files.map((file) => file.path))
  return (
    <section className="side-panel" aria-label="Files">
      <h2 className="side-title">Files</h2>
      <div className="scroll side-list">
        <h3>Code</h3>
        {pipeline.files.length === 0 && <p className="side-empty muted">No processors yet.</p>}
        {pipeline.files.map((file) => (
          <button
            key={file.path}
            type="button"
            className="side-row"
            aria-current={open === file.path}
            title={file.path}
            onClick={() => showFile(file.path)}
          >
            <Braces size={14} aria-hidden />
            <span className="ellipsis grow">{file.path}</span>
            {saved.get(file.path) !== file.text && (
              <span className="unsaved-mark" role="img" aria-label="unsaved" />
            )}
          </button>
        ))}
        <h3 className="row">
          <span className="grow">Data</span>
          <IconButton
            icon={FilePlus2}
            size={14}
            label="Add a data file"
            side="left"
            onClick={() => openDialog({ kind: 'bring-file', extensions: dataExtensions })}
          />
        </h3>
        {pipeline.assets.every((path) => code.has(path)) && (
          <p className="side-empty muted">No data files yet.</p>
        )}
        {pipeline.assets
          .filter((path) => !code.has(path))
          .map((path) => (
            <div key={path} className="side-row" title={path}>
              <FileIcon path={path} />
              <span className="ellipsis grow">{path}</span>
            </div>
          ))}
        <p className="side-path faint" title={pipeline.path}>
          {pipeline.path}
        </p>
      </div>
    </section>
  )
}

function FileIcon({ path }: { readonly path: string }) {
  if (path.endsWith('.csv')) return <FileSpreadsheet size={14} aria-hidden />
  if (/\.(ndjson|json)$/.test(path)) return <FileJson2 size={14} aria-hidden />
  return <FileText size={14} aria-hidden />
}
