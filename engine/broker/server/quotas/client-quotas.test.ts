import { expect, test } from 'vitest'
import { ClientsImage, type QuotaEntity } from '../../controller/clients-image.ts'
import { BrokerSettings } from '../../settings/broker-settings.ts'
import { ClientQuotas } from './client-quotas.ts'

const key = 'producer_byte_rate'
const clock = { monotonicMs: () => 0, nowMs: () => 0 }

/** With a limit for each entity, the next one ten times the one before. */
function quotasFor(...entities: QuotaEntity[]) {
  const image = new ClientsImage()
  entities.forEach((entity, i) => {
    image.apply({ type: 'client-quota', entity, key, value: 10 ** i })
  })
  const copy = new ClientsImage()
  copy.replaceBy(JSON.parse(JSON.stringify(image.toStored())))
  return new ClientQuotas(() => copy, clock, new BrokerSettings({}))
}

/** In Kafka's order. */
const entities: QuotaEntity[] = [
  { user: 'u', 'client-id': 'c' },
  { user: 'u', 'client-id': null },
  { user: 'u' },
  { user: null, 'client-id': 'c' },
  { user: null, 'client-id': null },
  { user: null },
  { 'client-id': 'c' },
  { 'client-id': null },
]

test.each(entities.map((_, first) => first))(
  'of the entities from the %ith on the first is what holds',
  (first) => {
    const quotas = quotasFor(...entities.slice(first))
    // Its limit is 1 a second: 20 are ten seconds too many; the next one's is ten times that.
    expect(quotas.charge(key, { user: 'u', clientId: 'c' }, 20)).toBe(10_000)
  },
)

test('clients of a user share what is the user’s, and clients of an id what is the id’s', () => {
  const ofUser = quotasFor({ user: null })
  expect(ofUser.charge(key, { user: 'u', clientId: 'a' }, 10)).toBe(0)
  expect(ofUser.charge(key, { user: 'u', clientId: 'b' }, 10)).toBe(10_000)
  expect(ofUser.charge(key, { user: 'v', clientId: 'b' }, 10)).toBe(0)
  const ofId = quotasFor({ 'client-id': 'a' })
  expect(ofId.charge(key, { user: 'u', clientId: 'a' }, 10)).toBe(0)
  expect(ofId.charge(key, { user: 'v', clientId: 'a' }, 10)).toBe(10_000)
  expect(ofId.charge(key, { user: 'v', clientId: 'b' }, 1000)).toBe(0)
})

test('what was not given after all is not counted', () => {
  const quotas = quotasFor({ user: 'u' })
  const client = { user: 'u', clientId: 'c' }
  expect(quotas.charge(key, client, 100)).toBeGreaterThan(0)
  quotas.takeBack(key, client, 100)
  expect(quotas.charge(key, client, 10)).toBe(0)
})
