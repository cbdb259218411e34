/**
 * DescribeCluster (60), versions 0–2.
 *
 * - v1: endpoint type 1, brokers; type 2, controllers, is refused: they have no listener of their own.
 * - v2: fenced brokers are listed when asked for.
 * Deviations: authorized operations are never given, as there is no authorizer.
 */
import { describeCluster } from '../../protocol/apis/describe-cluster.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

const brokerEndpoints = 1

export const handleDescribeCluster = handler(describeCluster, (broker, request) => {
  const { image, controllerId } = broker
  if (request.endpointType !== brokerEndpoints) {
    return {
      errorCode: errorCodes.MISMATCHED_ENDPOINT_TYPE,
      errorMessage: 'The request was sent to an endpoint of brokers.',
      endpointType: request.endpointType,
      clusterId: image.clusterId,
      brokers: [],
    }
  }
  return {
    errorCode: errorCodes.NONE,
    clusterId: image.clusterId,
    controllerId: controllerId ?? -1,
    brokers: [...image.brokers.values()]
      .filter(({ fenced }) => !fenced || request.includeFencedBrokers)
      .map(({ id, host, port, fenced }) => ({ brokerId: id, host, port, rack: null, isFenced: fenced })),
  }
})
