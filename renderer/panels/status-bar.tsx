import { CircleCheck, CircleX, PlugZap, TriangleAlert } from 'lucide-react'
import { useEffect, useState } from 'react'
import { behind, bytes, counted, span, timeOfDay } from '../parts/format.ts'
import { useAnalysis } from '../stores/analysis.ts'
import { useCluster } from '../stores/cluster.ts'
import { useDocument } from '../stores/document-store.ts'
import { showDock } from '../stores/layout.ts'
import { latestReceivedMs, useLive } from '../stores/live.ts'
import { useNow } from '../stores/now.ts'
import { useRun, useRunning } from '../stores/run.ts'
import { useStudio } from '../stores/studio.ts'

/** Problems, stream time, the cluster's address, memory, and whether the host answers. */
export function StatusBar() {
  const path = useDocument((state) => state.pipeline?.path)
  const running = useRunning(path)
  const cluster = useCluster((state) => state.cluster)
  const memory = useLive((sample) => sample?.memoryBytes)
  return (
    <footer className="status-bar figures">
      {path && <Problems />}
      {path && <Checking />}
      {path && (running ? <StreamTime /> : <span>not running</span>)}
      <span className="grow" />
      {cluster && (
        <span className="mono-ish ellipsis" title={cluster.bootstrap.join(', ')}>
          {cluster.bootstrap[0]} · {counted(cluster.brokers.length, 'broker')}
          {cluster.underReplicatedPartitions > 0 && (
            <span className="warn">
              {' '}
              · {counted(cluster.underReplicatedPartitions, 'partition')} under-replicated
            </span>
          )}
          {cluster.offlinePartitions > 0 && (
            <span className="bad"> · {cluster.offlinePartitions} offline</span>
          )}
        </span>
      )}
      {running && memory !== undefined && <span>memory {bytes(memory)}</span>}
      <HostState />
    </footer>
  )
}

function Problems() {
  const problems = useAnalysis((state) => state.problems)
  const failures = useRun((state) => state.failures.length)
  const errors = problems.filter((problem) => problem.severity === 'error').length + failures
  const total = problems.length + failures
  return (
    <button type="button" className="status-button" onClick={() => showDock('problems')}>
      {errors > 0 ? (
        <CircleX size={13} className="bad" aria-hidden />
      ) : total > 0 ? (
        <TriangleAlert size={13} className="warn" aria-hidden />
      ) : (
        <CircleCheck size={13} className="good" aria-hidden />
      )}
      {total === 0 ? 'no problems' : counted(total, 'problem')}
    </button>
  )
}

const quietMs = 1000

/** The type checker works; said only when it takes longer than one waits for. */
function Checking() {
  const waiting = useAnalysis((state) => state.state === 'waiting')
  const [long, setLong] = useState(false)
  useEffect(() => {
    if (!waiting) return setLong(false)
    const timer = setTimeout(() => setLong(true), quietMs)
    return () => clearTimeout(timer)
  }, [waiting])
  return long ? <span>checking types</span> : null
}

function StreamTime() {
  const streamTimeMs = useLive((sample) => sample?.streamTimeMs)
  const lagMs = useLive((sample) => sample?.lagMs)
  // Tables that are "from the beginning" carry time 0: nothing with a time has been read yet.
  if (streamTimeMs === undefined || streamTimeMs <= 0) return <span>stream time –</span>
  return (
    <span title="The highest event time seen">
      stream time {timeOfDay(streamTimeMs, Date.now()).slice(0, -4)}
      {lagMs !== undefined && <span className="faint"> · {behind(lagMs)} behind</span>}
    </span>
  )
}

function HostState() {
  const connection = useStudio((state) => state.connection)
  const signedOut = useStudio((state) => state.signedOut)
  const now = useNow(connection === 'lost')
  if (connection === 'connected') return <span>host ok</span>
  if (signedOut) return <span className="bad">not signed in</span>
  if (connection === 'connecting') return <span>connecting</span>
  const seen = latestReceivedMs()
  return (
    <span className="bad row" role="status">
      <PlugZap size={13} aria-hidden />
      host lost{seen > 0 && `, figures ${span(Math.max(1000, now - seen))} old`}
    </span>
  )
}
