import { CircleCheck, PlugZap, ShieldAlert, TriangleAlert } from 'lucide-react'
import { Button } from '../parts/controls.tsx'
import { hadRecords, useCluster } from '../stores/cluster.ts'
import { useDocument } from '../stores/document-store.ts'
import { showDock } from '../stores/layout.ts'
import { hasMoved, topicsRead, useLive } from '../stores/live.ts'
import { showFile, showNode } from '../stores/reveal.ts'
import { useOwnRun } from '../stores/run.ts'
import { openNow, runFromStart, save, trust } from '../stores/session.ts'
import { useStudio } from '../stores/studio.ts'

/** What stands in the way, across the top of the canvas: restricted, lost, changed elsewhere, failed. */
export function Banners() {
  const pipeline = useDocument((state) => state.pipeline)
  const lost = useStudio((state) => state.connection === 'lost')
  const signedOut = useStudio((state) => state.signedOut)
  return (
    <>
      {lost && (
        <p className="banner error" role="alert">
          <PlugZap size={15} aria-hidden />
          <span className="grow">
            {signedOut ? (
              <>
                <b>The studio was started again.</b> Open the address that it printed last, in this browser:
                this window then goes on, with your changes.
              </>
            ) : (
              <>
                <b>The host does not answer.</b> Figures are from before; your changes stay here. It is tried
                again by itself.
              </>
            )}
          </span>
        </p>
      )}
      {pipeline?.trusted === false && (
        <p className="banner" role="status">
          <ShieldAlert size={15} aria-hidden />
          <span className="grow">
            <b>Restricted.</b> From elsewhere: you can view, edit and check it, but nothing runs until you
            trust it.
          </span>
          <Button look="small" onClick={() => void trust()}>
            Trust this pipeline
          </Button>
        </p>
      )}
      {pipeline?.changedOnDisk && (
        <p className="banner" role="status">
          <TriangleAlert size={15} aria-hidden />
          <span className="grow">
            <b>Changed on disk.</b> Another program wrote this pipeline's files.
          </span>
          <Button look="small" onClick={() => void openNow(pipeline.path)}>
            Load from disk
          </Button>
          <Button look="small" onClick={() => void save()}>
            Keep mine
          </Button>
        </p>
      )}
      {pipeline && <FailedRun path={pipeline.path} />}
      {pipeline && <NothingNew path={pipeline.path} />}
    </>
  )
}

/** A run goes on where the one before stopped: when that one read everything, this one has nothing to show. */
function NothingNew({ path }: { readonly path: string }) {
  const run = useOwnRun(path)
  const still = useLive((sample) => sample?.state === 'idle' && !hasMoved(sample))
  const read = useLive((sample) => topicsRead(sample).join('\n'))
  const earlier = useCluster(({ cluster }) => hadRecords(cluster, read.split('\n')))
  if (run?.state !== 'idle' || !still || !earlier) return null
  return (
    <p className="banner calm" role="status">
      <CircleCheck size={15} aria-hidden />
      <span className="grow">
        <b>Everything was read in an earlier run; there is nothing new.</b> This run goes on where that one
        stopped, and waits for more.
      </span>
      <Button look="small" onClick={runFromStart}>
        Run from the start…
      </Button>
    </p>
  )
}

function FailedRun({ path }: { readonly path: string }) {
  const run = useOwnRun(path)
  const nodes = useDocument((state) => state.pipeline?.document.nodes)
  if (run?.state !== 'failed' || !run.failure) return null
  const { error, node, file } = run.failure
  const name = nodes?.find((other) => other.id === node)?.name
  const go = () => {
    if (file) showFile(file.path, file.line, file.column)
    else if (node) showNode(node)
    else showDock('log')
  }
  return (
    <p className="banner error" role="alert">
      <TriangleAlert size={15} aria-hidden />
      <span className="grow ellipsis" title={error.remedy}>
        <b>The run failed{name ? ` at ${name}` : ''}.</b> {error.what}
        {file && ` (${file.path}:${file.line})`}
        {error.remedy && `: ${error.remedy}`}
      </span>
      <Button look="small" onClick={go}>
        {file ? 'Go to the line' : node ? 'Show the node' : 'Show the log'}
      </Button>
    </p>
  )
}
