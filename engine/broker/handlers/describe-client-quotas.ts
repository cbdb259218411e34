/**
 * DescribeClientQuotas (48), versions 0–1.
 *
 * KIP-546: the quotas of entities that match every component: a name, the default, or any; strict leaves out entities with
 * types that no component names. A filter that contradicts itself: INVALID_REQUEST; an unknown type: UNSUPPORTED_VERSION.
 */
import type { RequestOf } from '../../protocol/api.ts'
import { describeClientQuotas, quotaMatches } from '../../protocol/apis/describe-client-quotas.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import {
  type EntityQuotas,
  type QuotaEntity,
  type QuotaType,
  quotaTypes,
} from '../controller/clients-image.ts'
import { handler } from '../server/handler.ts'

type Component = RequestOf<typeof describeClientQuotas>['components'][number]

export const handleDescribeClientQuotas = handler(
  describeClientQuotas,
  ({ image }, { components, strict }) => {
    const fault = filterFault(components)
    if (fault) return { errorCode: errorCodes[fault.error], errorMessage: fault.message, entries: null }
    const isAsked = ({ entity }: EntityQuotas) =>
      components.every((component) => matches(entity, component)) &&
      (!strict || typesOf(entity).length === components.length)
    return {
      errorCode: errorCodes.NONE,
      errorMessage: '',
      entries: image.clients.quotas.filter(isAsked).map(({ entity, values }) => ({
        entity: typesOf(entity).map((type) => ({ entityType: type, entityName: entity[type] ?? null })),
        values: [...values].map(([key, value]) => ({ key, value })),
      })),
    }
  },
)

function typesOf(entity: QuotaEntity): QuotaType[] {
  return quotaTypes.filter((type) => entity[type] !== undefined)
}

function matches(entity: QuotaEntity, { entityType, matchType, match }: Component): boolean {
  const type = quotaTypes.find((each) => each === entityType)
  const name = type && entity[type]
  if (name === undefined) return false
  if (matchType === quotaMatches.any) return true
  return name === (matchType === quotaMatches.default ? null : match)
}

function filterFault(components: readonly Component[]): { error: ErrorName; message: string } | undefined {
  const invalid = (message: string) => ({ error: 'INVALID_REQUEST', message }) as const
  const seen = new Set<string>()
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') return invalid('Invalid empty entity type.')
    if (seen.has(entityType)) {
      return invalid(`Entity type ${entityType} cannot appear more than once in the filter.`)
    }
    seen.add(entityType)
    if (!quotaTypes.some((type) => type === entityType)) {
      return { error: 'UNSUPPORTED_VERSION', message: `Unsupported entity type ${entityType}` }
    }
    const text = matchFault(matchType, match)
    if (text) return invalid(text)
  }
  if (!seen.has('ip') || seen.size === 1) return undefined
  return invalid(
    'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.',
  )
}

function matchFault(matchType: number, match: string | null): string | undefined {
  switch (matchType) {
    case quotaMatches.exact:
      return match === null ? 'Request specified MATCH_TYPE_EXACT, but set match string to null.' : undefined
    case quotaMatches.default:
      return match === null
        ? undefined
        : 'Request specified MATCH_TYPE_DEFAULT, but also specified a match string.'
    case quotaMatches.any:
      return match === null
        ? undefined
        : 'Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.'
    default:
      return `Unknown match type ${matchType}`
  }
}
