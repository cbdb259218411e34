import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import type { Crypto } from '../../environment/index.ts'

const hashBytes = { sha256: 32, sha512: 64 } as const

export const nodeCrypto: Crypto = {
  hash: (name, bytes) => createHash(name).update(bytes).digest(),
  hmac: (name, key, bytes) => createHmac(name, key).update(bytes).digest(),
  stretch: (name, password, salt, iterations) =>
    pbkdf2Sync(password, salt, iterations, hashBytes[name], name),
  areEqual: (a, b) => a.length === b.length && timingSafeEqual(a, b),
}
