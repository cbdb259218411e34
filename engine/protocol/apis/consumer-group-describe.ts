import { api } from '../api.ts'
import { array, boolean, int8, int16, int32, string, struct, uuid } from '../schema.ts'
import { operationsNotAsked } from './metadata.ts'

const assignment = struct({
  topicPartitions: array(struct({ topicId: uuid(), topicName: string(), partitions: array(int32()) })),
})

/** The `memberType`: a classic member is in the group while it moves to the new protocol. */
export const memberTypes = { unknown: -1, classic: 0, consumer: 1 } as const

/** KIP-848. */
export const consumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 1],
  flexibleFrom: 0,
  request: struct({ groupIds: array(string()), includeAuthorizedOperations: boolean() }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    groups: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullableSince: 0, default: null }),
        groupId: string(),
        groupState: string(),
        groupEpoch: int32(),
        assignmentEpoch: int32(),
        assignorName: string(),
        members: array(
          struct({
            memberId: string(),
            instanceId: string({ nullableSince: 0, default: null }),
            rackId: string({ nullableSince: 0, default: null }),
            memberEpoch: int32(),
            clientId: string(),
            clientHost: string(),
            subscribedTopicNames: array(string()),
            subscribedTopicRegex: string({ nullableSince: 0, default: null }),
            assignment,
            targetAssignment: assignment,
            memberType: int8({ since: 1, default: -1, ignorable: true }),
          }),
        ),
        authorizedOperations: int32({ default: operationsNotAsked }),
      }),
    ),
  }),
})
