import { Workflow } from 'lucide-react'
import { Select } from '../parts/controls.tsx'
import { Markdown } from '../parts/markdown.tsx'
import { useAnalysis } from '../stores/analysis.ts'
import { useDocument } from '../stores/document-store.ts'
import { setDescription, setPipelineName, setProcessingGuarantee } from '../stores/edit-actions.ts'

const guarantees = [
  { value: 'at_least_once', label: 'At least once' },
  { value: 'exactly_once_v2', label: 'Exactly once' },
]

/** The pipeline itself, while nothing is selected. */
export function PipelineInspector() {
  const pipeline = useDocument((state) => state.pipeline)
  const topology = useAnalysis((state) => state.topology)
  if (!pipeline) return null
  const { document, readme, path } = pipeline
  return (
    <>
      <header className="inspector-head">
        <span className="kind-tile neutral">
          <Workflow size={16} aria-hidden />
        </span>
        <div className="grow">
          <input
            className="title-input"
            aria-label="Pipeline name"
            value={document.name}
            spellCheck={false}
            onChange={(event) => event.target.value.trim() !== '' && setPipelineName(event.target.value)}
          />
          <p className="muted ellipsis" title={path}>
            {document.nodes.length} nodes · {document.edges.length} edges
          </p>
        </div>
      </header>
      <div className="inspector-body scroll form">
        <div className="field">
          <label htmlFor="pipeline-description">Description</label>
          <textarea
            id="pipeline-description"
            className="input nokey"
            rows={3}
            value={document.description ?? ''}
            onChange={(event) => setDescription(event.target.value)}
          />
        </div>
        <div className="field">
          <label htmlFor="pipeline-guarantee">Processing guarantee</label>
          <Select
            id="pipeline-guarantee"
            options={guarantees}
            value={document.processingGuarantee ?? 'at_least_once'}
            onChange={({ target }) =>
              setProcessingGuarantee(target.value === 'exactly_once_v2' ? 'exactly_once_v2' : undefined)
            }
          />
          {document.processingGuarantee === 'exactly_once_v2' && (
            <p className="muted">
              Topics, state and offsets change together in transactions. Readers see it with read_committed.
              Files are still written at least once.
            </p>
          )}
        </div>
        <section className="now">
          <dl>
            <dt>application id</dt>
            <dd className="mono ellipsis">{document.id}</dd>
          </dl>
        </section>
        {readme && (
          <details className="docs" open>
            <summary>README</summary>
            <Markdown text={readme.replace(/^#\s+.*\n/, '')} />
          </details>
        )}
        {topology && (
          <details className="docs">
            <summary>Topology</summary>
            <pre className="mono type-text scroll">{topology}</pre>
          </details>
        )}
      </div>
    </>
  )
}
