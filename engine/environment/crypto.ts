export type HashName = 'sha256' | 'sha512'

/** Pure functions over bytes, as signing in needs them. */
export interface Crypto {
  hash(name: HashName, bytes: Uint8Array): Buffer
  hmac(name: HashName, key: Uint8Array, bytes: Uint8Array): Buffer
  /** PBKDF2 with HMAC, as long as the hash. Takes milliseconds: for clients, not for brokers. */
  stretch(name: HashName, password: Uint8Array, salt: Uint8Array, iterations: number): Buffer
  /** Takes the same time wherever the two differ. */
  areEqual(a: Uint8Array, b: Uint8Array): boolean
}
