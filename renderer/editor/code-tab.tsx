import { Braces } from 'lucide-react'
import { lazy, Suspense, useEffect } from 'react'
import { Boundary } from '../parts/boundary.tsx'
import { Empty } from '../parts/controls.tsx'
import { useAnalysis } from '../stores/analysis.ts'
import { useDocument } from '../stores/document-store.ts'
import { codeFileOf, showFile, useReveal } from '../stores/reveal.ts'
import { useSelectedNode } from '../stores/selection.ts'
import { CodeProblems } from './code-problems.tsx'

const CodeEditor = lazy(() => import('./code-editor.tsx'))

/** The processors' files, the open one in Monaco, and its problems beside it. */
export function CodeTab() {
  const pipeline = useDocument((state) => state.pipeline)
  const revealed = useReveal((state) => state.file)
  const selected = useSelectedNode()
  const ofSelected = selected ? codeFileOf(selected) : undefined
  useEffect(() => {
    if (ofSelected && ofSelected !== useReveal.getState().file)
      useReveal.setState({ file: ofSelected, position: undefined })
  }, [ofSelected])
  const files = pipeline?.files ?? []
  const open = files.find((file) => file.path === revealed) ?? files[0]
  if (!pipeline || !open) {
    return (
      <Empty>This pipeline has no processors yet. Add one from the palette to write its code here.</Empty>
    )
  }
  const saved = new Map(pipeline.saved.files.map((file) => [file.path, file.text]))
  return (
    <div className="code-tab">
      <div className="file-bar">
        <div className="file-tabs scroll" role="tablist" aria-label="Files">
          {files.map((file) => (
            <button
              key={file.path}
              type="button"
              role="tab"
              aria-selected={file.path === open.path}
              className="file-tab"
              title={file.path}
              onClick={() => showFile(file.path)}
            >
              <Braces size={13} aria-hidden />
              {file.path.replace(/^processors\//, '')}
              {saved.get(file.path) !== file.text && (
                <span className="unsaved-mark" role="img" aria-label="unsaved" />
              )}
            </button>
          ))}
        </div>
        <FlowTypes path={open.path} />
      </div>
      <div className="code-panes">
        <div className="code-place">
          <Boundary name="the editor">
            <Suspense fallback={<CodeSkeleton />}>
              <CodeEditor path={open.path} />
            </Suspense>
          </Boundary>
        </div>
        <CodeProblems path={open.path} />
      </div>
    </div>
  )
}

function FlowTypes({ path }: { readonly path: string }) {
  const editors = useAnalysis((state) => state.editors)
  const found = Object.values(editors).find((entry) => entry.path === path)
  if (!found) return null
  const one = (text: string) => text.replace(/\s+/g, ' ')
  return (
    <p
      className="flow-types ellipsis faint"
      title={`in: ${found.input.key}, ${found.input.value}\nout: ${found.output.key}, ${found.output.value}`}
    >
      in: <code>{`Record<${one(found.input.key)}, ${one(found.input.value)}>`}</code> out:{' '}
      <code>{`Record<${one(found.output.key)}, ${one(found.output.value)}>`}</code>
    </p>
  )
}

function CodeSkeleton() {
  return (
    <div className="code-editor code-skeleton" aria-busy="true">
      {[62, 48, 70, 55, 34, 60].map((width) => (
        <span key={width} className="skeleton" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}
