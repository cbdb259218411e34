import { FilePlus2, FolderOpen, LogIn, Workflow, X } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import { MillraceError } from '../../engine/base/errors.ts'
import type { Output, PipelineEntry } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { Button, IconButton } from '../parts/controls.tsx'
import { ago } from '../parts/format.ts'
import { keysText } from '../parts/keys.ts'
import { useNow } from '../stores/now.ts'
import { useRunning } from '../stores/run.ts'
import { choosePipeline, open } from '../stores/session.ts'
import { openDialog, useStudio } from '../stores/studio.ts'

type Lists = Output<'start.list'>

/** Before a pipeline is open: samples, recent ones, a new one. */
export function StartPage() {
  const connection = useStudio((state) => state.connection)
  const failure = useStudio((state) => state.openFailure)
  const opening = useStudio((state) => state.opening)
  const version = useStudio((state) => state.info?.version)
  const signedOut = useStudio((state) => state.signedOut)
  const { lists, problem, reload } = useLists(connection)
  return (
    <main className="start scroll" aria-busy={opening !== undefined}>
      <div className="start-page">
        <header>
          <div>
            <h1>Millrace</h1>
            <p className="muted">
              Draw a stream pipeline, run it on a real Kafka-compatible cluster, watch every record.
            </p>
          </div>
          {!signedOut && (
            <div className="row">
              <Button icon={FilePlus2} look="primary" onClick={() => openDialog({ kind: 'new' })}>
                New pipeline
              </Button>
              <Button icon={FolderOpen} onClick={() => choosePipeline()}>
                Open…
              </Button>
            </div>
          )}
        </header>
        {failure && (
          <p className="notice error" role="alert">
            <X size={15} aria-hidden />
            <span>
              <b className="strong">Not opened:</b> {failure.what}.
              {failure.remedy && ` ${capital(failure.remedy)}.`}
            </span>
          </p>
        )}
        {signedOut && (
          <p className="notice error" role="alert">
            <LogIn size={15} aria-hidden />
            <span>
              <b className="strong">Not signed in.</b> Open the address that the studio printed when it
              started, with its token.
            </span>
          </p>
        )}
        {problem && (
          <p className="notice error" role="alert">
            <X size={15} aria-hidden />
            <span className="grow">{problem}</span>
            <Button look="small" onClick={() => void reload()}>
              Try again
            </Button>
          </p>
        )}
        {!signedOut && <PipelineLists lists={lists} opening={opening} reload={reload} />}
        <footer className="faint">
          <span>
            <kbd>{keysText('mod+k')}</kbd> runs any command · <kbd>?</kbd> lists the shortcuts
          </span>
          {version && <span>version {version}</span>}
        </footer>
      </div>
    </main>
  )
}

function PipelineLists(props: {
  readonly lists: Lists | undefined
  readonly opening: string | undefined
  readonly reload: () => Promise<void>
}) {
  const { lists, opening, reload } = props
  return (
    <>
      <section aria-label="Samples">
        <h2>Samples</h2>
        {lists ? (
          <ul className="samples">
            {lists.samples.map((entry) => (
              <li key={entry.path}>
                <Sample entry={entry} opening={opening === entry.path} />
              </li>
            ))}
          </ul>
        ) : (
          <SampleSkeleton />
        )}
      </section>
      <section aria-label="Recent">
        <h2>Recent</h2>
        {lists?.recent.length === 0 && <p className="muted">What you open is listed here.</p>}
        <ul className="recent">
          {lists?.recent.map((entry) => (
            <Recent key={entry.path} entry={entry} reload={reload} />
          ))}
        </ul>
      </section>
    </>
  )
}

function Sample({ entry, opening }: { readonly entry: PipelineEntry; readonly opening: boolean }) {
  return (
    <button type="button" className="sample" disabled={opening} onClick={() => open(entry.path)}>
      <span className="row">
        <Workflow size={16} className="accent" aria-hidden />
        <b className="grow ellipsis">{entry.name}</b>
        <Running path={entry.path} />
        <span className="faint figures">{opening ? 'opening' : `${entry.nodes} nodes`}</span>
      </span>
      <span className="muted sample-text">{entry.description}</span>
    </button>
  )
}

/** A run goes on while its pipeline is not open. */
function Running({ path }: { readonly path: string }) {
  if (!useRunning(path)) return null
  return (
    <span className="row nowrap good">
      <span className="dot green" aria-hidden />
      running
    </span>
  )
}

function Recent({ entry, reload }: { readonly entry: PipelineEntry; readonly reload: () => Promise<void> }) {
  const now = useNow(true)
  return (
    <li className="recent-row">
      <button type="button" className="grow" disabled={entry.missing} onClick={() => open(entry.path)}>
        <b className="ellipsis">{entry.name}</b>
        <span className="faint ellipsis grow" title={entry.path}>
          {entry.path}
        </span>
        <Running path={entry.path} />
        <span className={`figures nowrap ${entry.missing ? 'bad' : 'faint'}`}>
          {entry.missing ? 'not there any more' : ago(entry.openedMs, now)}
        </span>
      </button>
      <IconButton
        icon={X}
        size={14}
        label={`Forget ${entry.name}`}
        side="left"
        onClick={() => void host().call('start.forget', { path: entry.path }).then(reload)}
      />
    </li>
  )
}

function SampleSkeleton() {
  return (
    <ul className="samples" aria-busy="true">
      {['a', 'b', 'c'].map((name) => (
        <li key={name} className="sample">
          <span className="skeleton" style={{ width: '45%' }} />
          <span className="skeleton" style={{ width: '90%' }} />
          <span className="skeleton" style={{ width: '70%' }} />
        </li>
      ))}
    </ul>
  )
}

function useLists(connection: string) {
  const [lists, setLists] = useState<Lists>()
  const [problem, setProblem] = useState<string>()
  const reload = useCallback(async () => {
    try {
      setLists(await host().call('start.list', {}))
      setProblem(undefined)
    } catch (thrown) {
      setProblem(`The lists could not be read: ${MillraceError.from(thrown).what}.`)
    }
  }, [])
  useEffect(() => {
    if (connection !== 'lost') void reload()
  }, [connection, reload])
  return { lists, problem, reload }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
