import type { ErrorName } from '../../protocol/error-codes.ts'
import { type QuotaEntity, type QuotaType, quotaTypes } from './clients-image.ts'
import type { ControllerState, Decision } from './decision.ts'
import type { MetadataRecord } from './records.ts'

/** Names that are not the default entity's, by type as the client wrote it. */
export interface QuotaAlteration {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[]
  readonly ops: readonly { readonly key: string; readonly value: number; readonly remove: boolean }[]
}

export interface QuotaAnswer {
  readonly error: ErrorName
  readonly message?: string
}

const wholeNumbers = ['producer_byte_rate', 'consumer_byte_rate']
const ofClients = [...wholeNumbers, 'request_percentage', 'controller_mutation_rate']
const ofAddresses = ['connection_creation_rate']

/** Every change for an entity, or none (KIP-546). */
export function alterClientQuotas(
  { image }: ControllerState,
  { entity: named, ops }: QuotaAlteration,
  validateOnly: boolean,
): Decision<QuotaAnswer> {
  const entity = entityOf(named)
  const fault = typeof entity === 'string' ? entity : opsFault(entity, ops)
  if (typeof entity === 'string' || fault !== undefined) {
    return { records: [], response: { error: 'INVALID_REQUEST', message: fault } }
  }
  const before = image.clients.quotasOf(entity)
  const records: MetadataRecord[] = ops
    .map(({ key, value, remove }) => ({ key, value: remove ? null : value }))
    .filter(({ key, value }) => value !== (before?.get(key) ?? null))
    .map(({ key, value }) => ({ type: 'client-quota', entity, key, value }))
  return { records: validateOnly ? [] : records, response: { error: 'NONE' } }
}

/** Or what is wrong with it. */
function entityOf(named: QuotaAlteration['entity']): QuotaEntity | string {
  const entity: Partial<Record<QuotaType, string | null>> = {}
  for (const { entityType, entityName } of named) {
    const type = quotaTypes.find((each) => each === entityType)
    if (type === undefined) return `Unhandled client quota entity type: ${entityType}`
    if (entityName === '') return `Empty ${entityType} not supported`
    entity[type] = entityName
  }
  if (named.length === 0) return 'Invalid empty client quota entity'
  if (entity.ip !== undefined && (entity.user !== undefined || entity['client-id'] !== undefined)) {
    return 'Invalid quota entity combination, IP entity should not be combined with User or ClientId'
  }
  if (entity.ip && !looksLikeAddress.test(entity.ip))
    return `${entity.ip} is not a valid IP or resolvable host.`
  return entity
}

/** Names of hosts are not looked up. */
const looksLikeAddress = /^[\w.:-]+$/

function opsFault(entity: QuotaEntity, ops: QuotaAlteration['ops']): string | undefined {
  const allowed = entity.ip === undefined ? ofClients : ofAddresses
  const seen = new Set<string>()
  for (const { key, value, remove } of ops) {
    if (!allowed.includes(key)) return `Invalid configuration key ${key}`
    if (seen.has(key)) return `Duplicate quota key ${key}`
    seen.add(key)
    if (remove) continue
    if (!(value > 0)) return `Quota ${key} must be greater than 0`
    const isWhole = wholeNumbers.includes(key) || allowed === ofAddresses
    if (isWhole && !Number.isInteger(value)) return `${key} cannot be a fractional value.`
  }
  return undefined
}
