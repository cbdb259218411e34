import { Copy } from 'lucide-react'
import { useState } from 'react'
import { MillraceError } from '../../engine/base/errors.ts'
import type { Output } from '../../engine/host/contract.ts'
import { desktop } from '../host/desktop.ts'
import { Button, IconButton } from '../parts/controls.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { counted } from '../parts/format.ts'
import { openPipeline } from '../stores/document-store.ts'
import { exportProject } from '../stores/session.ts'
import { openDialog, useStudio } from '../stores/studio.ts'

const close = () => openDialog(undefined)

/** A folder that holds the pipeline as a project of its own; then what to run in it. */
export function ExportDialog() {
  const [out, setOut] = useState(suggestion)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<MillraceError>()
  const [done, setDone] = useState<Output<'pipeline.export'>>()
  const start = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      setDone(await exportProject(out.trim()))
    } catch (thrown) {
      setProblem(MillraceError.from(thrown))
    } finally {
      setBusy(false)
    }
  }
  if (done) return <Exported result={done} />
  return (
    <Dialog
      title="Export as a Node project"
      text="A readable TypeScript project: the topology as code, your processors, sample data and a test. It runs against the embedded cluster, or any Apache Kafka by one environment variable."
      close={close}
    >
      <form
        className="field"
        onSubmit={(event) => {
          event.preventDefault()
          void start()
        }}
      >
        <label htmlFor="export-out">Folder</label>
        <div className="row">
          <input
            id="export-out"
            className="input mono"
            value={out}
            spellCheck={false}
            onChange={(event) => setOut(event.target.value)}
          />
          {desktop() && (
            <Button
              onClick={async () => {
                const chosen = await desktop()?.chooseFolder('Export into')
                if (chosen) setOut(chosen)
              }}
            >
              Choose…
            </Button>
          )}
        </div>
        {problem && (
          <p className="field-problem bad" role="alert">
            {problem.what}
            {problem.where && ` (${problem.where})`}
            {problem.remedy && `: ${problem.remedy}`}
          </p>
        )}
        <div className="dialog-actions">
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" disabled={busy || out.trim() === ''}>
            {busy ? 'Exporting' : 'Export project'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Exported({ result }: { readonly result: Output<'pipeline.export'> }) {
  return (
    <Dialog
      title="Exported"
      text={`${counted(result.files.length, 'file')} in ${result.out}`}
      close={close}
      buttons={
        <>
          {desktop() && <Button onClick={() => desktop()?.revealInFolder(result.out)}>Show in folder</Button>}
          <Button look="primary" onClick={close}>
            Done
          </Button>
        </>
      }
    >
      {result.commands.map((line) => (
        <div key={line} className="command-line row">
          <code className="grow">{line}</code>
          <IconButton
            icon={Copy}
            size={14}
            label={`Copy ${line}`}
            onClick={() => void navigator.clipboard.writeText(line)}
          />
        </div>
      ))}
      <details>
        <summary>Files</summary>
        <ul className="file-list scroll mono">
          {result.files.map((file) => (
            <li key={file}>{file}</li>
          ))}
        </ul>
      </details>
    </Dialog>
  )
}

function suggestion(): string {
  const folder = useStudio.getState().info?.pipelinesFolder ?? ''
  const id = openPipeline()?.document.id ?? 'pipeline'
  return `${folder.replace(/\/pipelines\/?$/, '')}/exports/${id}`
}
