import { useEffect, useState } from 'react'
import type { Output } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { counted, figure, whole } from '../parts/format.ts'
import { Partition } from '../parts/partition.tsx'

type Group = Output<'groups.list'>['groups'][number]

const everyMs = 1500

/** Consumer groups: state, members, and lag per partition. */
export function GroupsPanel() {
  const [groups, setGroups] = useState<readonly Group[]>()
  useEffect(() => {
    let stopped = false
    const ask = async () => {
      while (!stopped) {
        try {
          if (host().connection === 'connected') {
            const answer = await host().call('groups.list', {})
            if (!stopped) setGroups(answer.groups)
          }
        } catch {
          // The cluster is not up, or is electing: the last list stays.
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    }
    void ask()
    return () => {
      stopped = true
    }
  }, [])
  return (
    <section className="side-panel" aria-label="Consumer groups">
      <h2 className="side-title">Consumer groups</h2>
      <div className="scroll side-list">
        {groups?.length === 0 && (
          <p className="side-empty muted">No groups yet. A run joins as a group of its pipeline's id.</p>
        )}
        {groups === undefined && <p className="side-empty muted">Nothing known of groups yet.</p>}
        {groups?.map((group) => (
          <GroupRow key={group.groupId} group={group} />
        ))}
      </div>
    </section>
  )
}

function GroupRow({ group }: { readonly group: Group }) {
  return (
    <details className="group">
      <summary>
        <span className="grow">
          <b className="ellipsis">{group.groupId}</b>
          <small className="figures">
            {group.state} · {counted(group.members, 'member')} · lag {figure(group.lagRecords)}
          </small>
        </span>
      </summary>
      <table className="figures">
        <tbody>
          {group.partitions.map((partition) => (
            <tr
              key={`${partition.topic}-${partition.partition}`}
              title={`${partition.topic}: committed ${whole(partition.committed)} of ${whole(partition.end)}`}
            >
              <td className="ellipsis">{partition.topic}</td>
              <td>
                <Partition number={partition.partition} />
              </td>
              <td className="right">{figure(Math.max(0, partition.end - partition.committed))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
