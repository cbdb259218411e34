export interface OffsetKey {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

/** The same for the same key only. */
export function textOf({ group, topic, partition }: OffsetKey): string {
  return `${group.length}:${group}:${topic}:${partition}`
}
