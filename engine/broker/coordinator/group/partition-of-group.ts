/** Java's hash of the group's id, made positive Kafka's way, over the partitions of `__consumer_offsets`. */
export function partitionOfGroup(groupId: string, partitions: number): number {
  let hash = 0
  for (let i = 0; i < groupId.length; i++) hash = (Math.imul(31, hash) + groupId.charCodeAt(i)) | 0
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitions
}
