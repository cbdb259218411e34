import { CircleCheck, CircleX, Crown, Play, Power, Skull } from 'lucide-react'
import { useState } from 'react'
import type { BrokerState, ClusterState } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { Button, Select } from '../parts/controls.tsx'
import { bytes, counted, whole } from '../parts/format.ts'
import { Partition } from '../parts/partition.tsx'
import { adoptCluster, orderBroker, useCluster } from '../stores/cluster.ts'
import { useLive } from '../stores/live.ts'
import { openDialog } from '../stores/studio.ts'
import { tellFailure } from '../stores/toasts.ts'
import { useTopics } from './records-bar.tsx'

/** Brokers with what they lead; who is in sync; and whether a break has cost anything. */
export function ClusterPanel() {
  const cluster = useCluster((state) => state.cluster)
  const starting = useCluster((state) => state.starting)
  return (
    <section className="side-panel" aria-label="Cluster">
      <h2 className="side-title">Cluster</h2>
      <div className="scroll side-list">
        {starting ? (
          <div className="side-empty muted">
            <p>The brokers are starting. After an unclean stop they check their logs first.</p>
          </div>
        ) : cluster ? (
          <>
            <Verdict />
            <Health cluster={cluster} />
            {cluster.brokers.map((broker) => (
              <Broker key={broker.id} broker={broker} />
            ))}
            <Leaders />
          </>
        ) : (
          <div className="side-empty muted">
            <p>The cluster is not up. It starts with the first run.</p>
            <Button onClick={() => void start()}>Start the cluster</Button>
          </div>
        )}
      </div>
    </section>
  )
}

async function start(): Promise<void> {
  try {
    adoptCluster(await host().call('cluster.start', {}))
  } catch (thrown) {
    tellFailure('Starting the cluster', thrown)
  }
}

/** Acknowledged records against what lies in the topics. */
function Verdict() {
  const verdict = useLive((sample) => sample?.verdict)
  if (!verdict) return null
  const fine = verdict.lost === 0
  return (
    <p className={`verdict figures ${fine ? '' : 'bad'}`} role="status" aria-label="Verdict">
      {fine ? <CircleCheck size={14} className="good" aria-hidden /> : <CircleX size={14} aria-hidden />}
      <span>
        acknowledged <b>{whole(verdict.acknowledged)}</b>
        <br />
        lost <b>{whole(verdict.lost)}</b> · duplicates <b>{whole(verdict.duplicates)}</b>
      </span>
    </p>
  )
}

function Health({ cluster }: { readonly cluster: ClusterState }) {
  const { underReplicatedPartitions: behind, offlinePartitions: offline } = cluster
  return (
    <p className="cluster-health figures">
      {offline > 0 ? (
        <span className="bad">{counted(offline, 'partition')} offline</span>
      ) : behind > 0 ? (
        <span className="warn">{counted(behind, 'partition')} under-replicated</span>
      ) : (
        <span className="muted">all partitions in sync</span>
      )}
    </p>
  )
}

const tones = { running: 'green', starting: 'amber', stopped: '', killed: 'red' }

function Broker({ broker }: { readonly broker: BrokerState }) {
  const busy = useCluster((state) => state.pending.has(broker.id))
  const up = broker.state === 'running' || broker.state === 'starting'
  return (
    <article className="broker" aria-label={`Broker ${broker.id}`}>
      <header>
        <span className={`dot ${tones[broker.state]}`} data-hollow={broker.state === 'stopped'} />
        <b>Broker {broker.id}</b>
        <span className={broker.state === 'killed' ? 'bad' : 'muted'}>{broker.state}</span>
      </header>
      <dl className="figures">
        <dt>leads</dt>
        <dd>
          {broker.leaders} of {broker.replicas}
        </dd>
        <dt>in</dt>
        <dd>{up ? `${bytes(broker.bytesInPerSec)}/s` : '–'}</dd>
        <dt>out</dt>
        <dd>{up ? `${bytes(broker.bytesOutPerSec)}/s` : '–'}</dd>
      </dl>
      <p className="mono faint broker-address">
        {broker.address}
        {broker.controller && (
          <span className="controller" title="Active controller of the metadata quorum">
            <Crown size={12} aria-hidden /> controller
          </span>
        )}
      </p>
      <div className="row">
        {up ? (
          <>
            <Button
              look="small danger"
              icon={Skull}
              disabled={busy}
              aria-label={`Kill broker ${broker.id}`}
              title="A crash: nothing is flushed, nobody is told"
              onClick={() => confirmKill(broker)}
            >
              Kill
            </Button>
            <Button
              look="small"
              icon={Power}
              disabled={busy}
              aria-label={`Stop broker ${broker.id}`}
              title="A clean stop: it hands its leaders over first"
              onClick={() => void orderBroker('stop', broker.id)}
            >
              Stop
            </Button>
          </>
        ) : (
          <Button
            look="small"
            icon={Play}
            disabled={busy}
            aria-label={`Start broker ${broker.id}`}
            onClick={() => void orderBroker('start', broker.id)}
          >
            Start
          </Button>
        )}
      </div>
    </article>
  )
}

function confirmKill(broker: BrokerState): void {
  openDialog({
    kind: 'confirm',
    title: `Kill broker ${broker.id}?`,
    consequence: `It crashes: its sockets go, nothing is flushed, nobody is told. Other brokers take over the ${counted(broker.leaders, 'partition')} that it leads${broker.controller ? ', and another becomes the controller' : ''}. Start it again here.`,
    verb: `Kill broker ${broker.id}`,
    danger: true,
    run: () => void orderBroker('kill', broker.id),
  })
}

/** Leader and in-sync replicas of one topic's partitions. */
function Leaders() {
  const topics = useTopics()
  const brokers = useCluster((state) => state.cluster?.brokers) ?? []
  const [name, setName] = useState<string>()
  const topic =
    topics.find((other) => other.name === name) ?? topics.find((other) => !other.internal) ?? topics[0]
  if (!topic) return null
  return (
    <section className="leaders">
      <h3>Partitions</h3>
      <Select
        aria-label="Topic of the partitions"
        value={topic.name}
        options={topics.map((other) => ({ value: other.name, label: other.name }))}
        onChange={(event) => setName(event.target.value)}
      />
      <table className="figures">
        <thead>
          <tr>
            <th scope="col">P</th>
            {brokers.map((broker) => (
              <th key={broker.id} scope="col">
                {broker.id}
              </th>
            ))}
            <th scope="col" className="right">
              epoch
            </th>
          </tr>
        </thead>
        <tbody>
          {topic.partitions.map((partition) => (
            <tr key={partition.partition}>
              <td>
                <Partition number={partition.partition} />
              </td>
              {brokers.map((broker) => (
                <td key={broker.id}>
                  <ReplicaMark
                    leader={partition.leader === broker.id}
                    replica={partition.replicas.includes(broker.id)}
                    inSync={partition.inSyncReplicas.includes(broker.id)}
                  />
                </td>
              ))}
              <td className="right faint">{partition.leaderEpoch}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="faint legend">
        <span className="replica leader" /> leader <span className="replica in-sync" /> in sync{' '}
        <span className="replica behind" /> behind
      </p>
    </section>
  )
}

function ReplicaMark(props: {
  readonly leader: boolean
  readonly replica: boolean
  readonly inSync: boolean
}) {
  if (!props.replica) return null
  const [look, words] = props.leader
    ? ['leader', 'leader']
    : props.inSync
      ? ['in-sync', 'in sync']
      : ['behind', 'behind']
  return <span className={`replica ${look}`} role="img" aria-label={words} title={words} />
}
