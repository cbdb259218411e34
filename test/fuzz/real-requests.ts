import type { Api } from '../../engine/protocol/api.ts'
import { deleteRecords } from '../../engine/protocol/apis/delete-records.ts'
import { describeConfigs } from '../../engine/protocol/apis/describe-configs.ts'
import { fetchApi } from '../../engine/protocol/apis/fetch.ts'
import { findCoordinator } from '../../engine/protocol/apis/find-coordinator.ts'
import { joinGroup } from '../../engine/protocol/apis/join-group.ts'
import { listOffsets } from '../../engine/protocol/apis/list-offsets.ts'
import { metadata } from '../../engine/protocol/apis/metadata.ts'
import { offsetCommit } from '../../engine/protocol/apis/offset-commit.ts'
import { offsetFetch } from '../../engine/protocol/apis/offset-fetch.ts'
import { offsetForLeaderEpoch } from '../../engine/protocol/apis/offset-for-leader-epoch.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { encodeRequest } from '../../engine/protocol/frames.ts'
import type { Encodable, Field } from '../../engine/protocol/schema.ts'

const timeoutMs = 1000

/** A Produce request with these records, as a client sends it, length included. */
export function produceFrame(topic: string, records: Buffer, version = 9): Buffer {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  return framesOf(produce, { acks: -1, timeoutMs, topicData }, [version, version])[0]!
}

/** What clients ask of a topic that is there, in every version that names topics: the closest to what a broker does. */
export function realRequests(topic: string, records: Buffer): Buffer[] {
  const groupId = 'fuzzed'
  const partitionFetch = { partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000 }
  const offset = { partitionIndex: 0, committedOffset: 1, committedMetadata: 'note' }
  return [
    ...framesOf(metadata, { topics: [{ name: topic }] }, [1, 12]),
    ...framesOf(
      produce,
      { acks: -1, timeoutMs, topicData: [{ name: topic, partitionData: [{ index: 0, records }] }] },
      [3, 12],
    ),
    ...framesOf(
      fetchApi,
      { maxWaitMs: 10, minBytes: 1, topics: [{ topic, partitions: [partitionFetch] }] },
      [4, 12],
    ),
    ...framesOf(listOffsets, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: 1 }] }],
    }),
    ...framesOf(offsetForLeaderEpoch, {
      replicaId: -1,
      topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
    }),
    ...framesOf(findCoordinator, { key: groupId }, [0, 3]),
    ...framesOf(offsetCommit, { groupId, topics: [{ name: topic, partitions: [offset] }] }, [2, 9]),
    ...framesOf(offsetFetch, { groupId, topics: [{ name: topic, partitionIndexes: [0] }] }, [1, 7]),
    ...framesOf(joinGroup, {
      groupId,
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 100,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('any') }],
    }),
    ...framesOf(describeConfigs, {
      resources: [{ resourceType: 2, resourceName: topic, configurationKeys: null }],
    }),
    ...framesOf(deleteRecords, {
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0 }] }],
      timeoutMs,
    }),
  ]
}

function framesOf<Request extends Field>(
  api: Api<Request, Field>,
  body: Encodable<Request>,
  [first, last]: readonly [number, number] = api.versions,
): Buffer[] {
  const frames: Buffer[] = []
  for (let version = first; version <= last; version++) {
    frames.push(Buffer.concat(encodeRequest(api, version, { correlationId: 7, clientId: 'fuzz' }, body)))
  }
  return frames
}
