import { ChevronDown, LoaderCircle, Play, Search, Square, Waves } from 'lucide-react'
import { Button } from '../parts/controls.tsx'
import { ago, behind, clock, figure, rate } from '../parts/format.ts'
import { keysText } from '../parts/keys.ts'
import { CommandMenu } from '../parts/menu.tsx'
import { Tip } from '../parts/tip.tsx'
import { useCluster } from '../stores/cluster.ts'
import { commandList } from '../stores/commands.ts'
import { isUnsaved, useDocument } from '../stores/document-store.ts'
import { setLayout } from '../stores/layout.ts'
import { useLive } from '../stores/live.ts'
import { useNow } from '../stores/now.ts'
import { useOwnRun, useRun, useRunning } from '../stores/run.ts'
import { closePipeline, run, stop } from '../stores/session.ts'
import { openPalette, useStudio } from '../stores/studio.ts'

const pipelineEntries = commandList(
  'new',
  'open',
  '-',
  'save',
  'save-as',
  'export',
  '-',
  'run-from-start',
  '-',
  'close',
)

/** The pipeline's name and whether it is saved, Run and Stop, the run's figures, the brokers, and the command palette. */
export function TopBar() {
  const pipeline = useDocument((state) => state.pipeline)
  return (
    <header className="top-bar">
      <div className="top-left">
        <Tip text="Start page">
          <button type="button" className="logo" aria-label="Start page" onClick={closePipeline}>
            <Waves size={19} aria-hidden />
          </button>
        </Tip>
        {pipeline ? <PipelineName /> : <span className="pipeline-name static">Millrace</span>}
      </div>
      {pipeline && <RunControls path={pipeline.path} />}
      <div className="top-right">
        <Brokers />
        <button type="button" className="palette-button" onClick={() => openPalette(true)}>
          <Search size={14} aria-hidden />
          <span>Search or run a command</span>
          <kbd>{keysText('mod+k')}</kbd>
        </button>
      </div>
    </header>
  )
}

function PipelineName() {
  const pipeline = useDocument((state) => state.pipeline)
  if (!pipeline) return null
  const unsaved = isUnsaved(pipeline)
  return (
    <>
      <CommandMenu entries={pipelineEntries}>
        <button
          type="button"
          className="pipeline-name"
          aria-label={`${pipeline.document.name}: pipeline menu`}
        >
          <span className="ellipsis">{pipeline.document.name}</span>
          <ChevronDown size={14} className="faint" aria-hidden />
        </button>
      </CommandMenu>
      <span className={`saved-mark ${unsaved ? 'warn' : 'muted'}`} role="status" title={pipeline.path}>
        {unsaved && <span className="unsaved-mark" />}
        {unsaved ? 'unsaved' : 'saved'}
      </span>
    </>
  )
}

function RunControls({ path }: { readonly path: string }) {
  const running = useRunning(path)
  const own = useOwnRun(path)
  const starting = useRun((state) => state.startingPath === path)
  const trusted = useDocument((state) => state.pipeline?.trusted !== false)
  return (
    <div className="run-controls">
      {running ? (
        <Tip text="Stop the run" keys={keysText('mod+.')}>
          <Button look="stop" disabled={own?.state === 'stopping'} onClick={() => void stop()}>
            <Square size={11} className="stop-icon" aria-hidden />
            {own?.state === 'stopping' ? 'Stopping' : 'Stop'}
          </Button>
        </Tip>
      ) : (
        <Tip
          text={trusted ? 'Run: goes on where it stopped' : 'Restricted: trust the pipeline first'}
          keys={keysText('mod+enter')}
        >
          <Button look="primary" disabled={starting || !trusted} onClick={() => void run(false)}>
            {starting ? (
              <LoaderCircle size={14} className="spin" aria-hidden />
            ) : (
              <Play size={13} aria-hidden />
            )}
            {starting ? 'Starting' : 'Run'}
          </Button>
        </Tip>
      )}
      {running ? <RunFigures /> : <LastRun path={path} />}
    </div>
  )
}

function RunFigures() {
  const sample = useLive((latest) => latest)
  const text = (value: string) => <b className="strong">{value}</b>
  return (
    <div className="run-figures figures muted">
      <span className="elapsed mono" role="timer" aria-label="Elapsed">
        {clock(sample?.elapsedMs)}
      </span>
      <span className="top-figure">in {text(rate(sample?.inPerSec))}</span>
      <span className="top-figure">out {text(rate(sample?.outPerSec))}</span>
      <span className="top-figure wide">
        lag {text(figure(sample?.lagRecords))}{' '}
        <span className="behind">{sample?.lagMs === undefined ? '' : behind(sample.lagMs)}</span>
      </span>
      {(sample === undefined || sample.state === 'starting') && <span>starting</span>}
      {sample?.state === 'idle' && <span className="good">all read</span>}
    </div>
  )
}

function LastRun({ path }: { readonly path: string }) {
  const own = useOwnRun(path)
  const endedMs = useRun((state) => state.endedMs)
  const now = useNow(own !== undefined)
  if (!own) return <span className="muted last-run">not run yet</span>
  return (
    <span className="muted last-run figures">
      {own.state === 'failed' ? <span className="bad">failed</span> : 'last run'}{' '}
      <b className="strong">{ago(endedMs ?? own.startedMs, now)}</b>
    </span>
  )
}

const tones = { running: 'green', starting: 'amber', stopped: '', killed: 'red' }

function Brokers() {
  const brokers = useCluster((state) => state.cluster?.brokers)
  const starting = useCluster((state) => state.starting)
  const connected = useStudio((state) => state.connection) === 'connected'
  if (starting) {
    return (
      <span className="brokers-starting muted" role="status">
        <LoaderCircle size={13} className="spin" aria-hidden />
        brokers starting
      </span>
    )
  }
  if (!brokers) return null
  return (
    <Tip text="Cluster panel" keys={keysText('alt+5')}>
      <button
        type="button"
        className="brokers-button"
        aria-label={
          connected
            ? `Brokers: ${brokers.map((broker) => `${broker.id} ${broker.state}`).join(', ')}`
            : 'Brokers: unknown, the host does not answer'
        }
        onClick={() => setLayout({ side: 'cluster' })}
      >
        <span className="muted">brokers</span>
        {brokers.map((broker) => (
          <span
            key={broker.id}
            className={`dot ${connected ? tones[broker.state] : ''}`}
            data-hollow={!connected || broker.state === 'stopped'}
          />
        ))}
      </button>
    </Tip>
  )
}
