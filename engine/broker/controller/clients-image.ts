import type { MetadataRecord } from './records.ts'

/** What SCRAM needs to know of a password, without being able to sign in with it; bytes in base 64. */
export interface ScramCredential {
  readonly iterations: number
  readonly salt: string
  readonly storedKey: string
  readonly serverKey: string
}

export const quotaTypes = ['user', 'client-id', 'ip'] as const
export type QuotaType = (typeof quotaTypes)[number]

/** Whom a quota is for: names by type; null: all who have none of their own. */
export type QuotaEntity = Readonly<Partial<Record<QuotaType, string | null>>>

export interface EntityQuotas {
  readonly entity: QuotaEntity
  readonly values: ReadonlyMap<string, number>
}

export type ClientRecord = Extract<
  MetadataRecord,
  { type: 'scram-credential' | 'remove-scram-credential' | 'client-quota' }
>

export interface StoredClients {
  readonly scram: readonly (readonly [user: string, mechanism: number, credential: ScramCredential])[]
  readonly quotas: readonly (readonly [entity: QuotaEntity, values: readonly (readonly [string, number])[]])[]
}

/** What the metadata holds about clients: how users sign in, and how much is theirs. */
export class ClientsImage {
  /** By user, then by SCRAM's mechanism. */
  readonly scram = new Map<string, Map<number, ScramCredential>>()
  private readonly entities = new Map<string, EntityQuotas & { readonly values: Map<string, number> }>()

  credential(user: string, mechanism: number): ScramCredential | undefined {
    return this.scram.get(user)?.get(mechanism)
  }

  get quotas(): readonly EntityQuotas[] {
    return [...this.entities.values()]
  }

  get hasQuotas(): boolean {
    return this.entities.size > 0
  }

  quotasOf(entity: QuotaEntity): ReadonlyMap<string, number> | undefined {
    return this.entities.get(keyOf(entity))?.values
  }

  apply(record: ClientRecord): void {
    switch (record.type) {
      case 'scram-credential': {
        const { user, mechanism, iterations, salt, storedKey, serverKey } = record
        this.putCredential(user, mechanism, { iterations, salt, storedKey, serverKey })
        return
      }
      case 'remove-scram-credential': {
        const ofUser = this.scram.get(record.user)
        ofUser?.delete(record.mechanism)
        if (ofUser?.size === 0) this.scram.delete(record.user)
        return
      }
      case 'client-quota':
        this.putQuota(record.entity, record.key, record.value)
        return
    }
  }

  toStored(): StoredClients {
    return {
      scram: [...this.scram].flatMap(([user, byMechanism]) =>
        [...byMechanism].map(([mechanism, credential]) => [user, mechanism, credential] as const),
      ),
      quotas: this.quotas.map(({ entity, values }) => [entity, [...values]] as const),
    }
  }

  replaceBy({ scram, quotas }: StoredClients): void {
    this.scram.clear()
    this.entities.clear()
    for (const [user, mechanism, credential] of scram) this.putCredential(user, mechanism, credential)
    for (const [entity, values] of quotas) {
      for (const [key, value] of values) this.putQuota(entity, key, value)
    }
  }

  private putCredential(user: string, mechanism: number, credential: ScramCredential): void {
    const ofUser = this.scram.get(user) ?? new Map<number, ScramCredential>()
    this.scram.set(user, ofUser.set(mechanism, credential))
  }

  private putQuota(entity: QuotaEntity, key: string, value: number | null): void {
    const id = keyOf(entity)
    const known = this.entities.get(id) ?? { entity, values: new Map<string, number>() }
    if (value === null) known.values.delete(key)
    else known.values.set(key, value)
    if (known.values.size === 0) this.entities.delete(id)
    else this.entities.set(id, known)
  }
}

function keyOf(entity: QuotaEntity): string {
  return JSON.stringify(quotaTypes.map((type) => (entity[type] === undefined ? [] : [entity[type]])))
}
