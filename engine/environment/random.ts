export interface Random {
  /** Uniform in [0, 1). */
  float(): number
  /** Uniform integer in [0, bound). */
  int(bound: number): number
  bytes(length: number): Uint8Array
  /** A version-4 UUID in its usual text form. */
  uuid(): string
  /** An independent stream of numbers that depends only on this one's seed and the name. */
  fork(name: string): Random
}
