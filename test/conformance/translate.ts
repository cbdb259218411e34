/** From a case's operators to a topology plan. */
import type { Step, TopologyPlan } from '../../engine/streams/index.ts'
import type { CaseOp } from './case.ts'

/** The case needs an operator, or a form of one, that is not there yet. */
export class Unsupported extends Error {
  override name = 'Unsupported'
}

export interface Translation {
  readonly plan: TopologyPlan
  /** Processor operators by the module path that the plan gives them. */
  readonly processors: ReadonlyMap<string, CaseOp>
}

export function translate(ops: readonly CaseOp[]): Translation {
  const processors = new Map<string, CaseOp>()
  const tables = new Set<string>()
  const steps = ops.map((op) => {
    const step = translateOp(op, tables)
    if (step.op === 'process') processors.set(step.module, op)
    if (isTable(step, tables)) tables.add(step.id)
    return step
  })
  return { plan: { steps, feeds: [], topics: [] }, processors }
}

function isTable(step: Step, tables: ReadonlySet<string>): boolean {
  switch (step.op) {
    case 'table':
    case 'toTable':
    case 'count':
    case 'aggregate':
    case 'reduce':
      return true
    case 'mapValues':
    case 'filter':
    case 'filterNot':
      return tables.has(step.from)
    default:
      return false
  }
}

const processorNames = new Set([
  'deduplicate',
  'countEveryStreamTime',
  'totalEveryWallClock',
  'expireIdle',
  'reorder',
  'ticker',
  'inspect',
  'shiftTimestamp',
  'route',
  'scatter',
])

function translateOp(op: CaseOp, tables: ReadonlySet<string>): Step {
  const base = { id: op.id, node: op.id }
  const following = { ...base, from: op.from as string }
  const expr = op.expr as string
  const store = op.store as string | undefined
  switch (op.op) {
    case 'stream':
      return { ...base, op: 'stream', topic: op.topic as string, timestamp: timestampOf(op) }
    case 'table':
      if (op.versionedHistoryMs !== undefined) throw new Unsupported('versioned tables')
      return { ...base, op: 'table', topic: op.topic as string, timestamp: timestampOf(op), store }
    case 'map':
    case 'flatMap':
    case 'flatMapValues':
    case 'selectKey':
      return { ...following, op: op.op, expr }
    case 'mapValues':
    case 'filter':
    case 'filterNot':
      return { ...following, op: op.op, expr, store }
    case 'groupBy':
      if (tables.has(following.from)) throw new Unsupported('aggregation of tables')
      return { ...following, op: 'groupBy', expr }
    case 'groupByKey':
    case 'repartition':
    case 'toStream':
      return { ...following, op: op.op }
    case 'toTable':
      return { ...following, op: 'toTable', store }
    case 'merge':
      return { ...base, op: 'merge', from: op.from as string[] }
    case 'branch': {
      const branches = op.branches as { name: string; when: string }[]
      return { ...following, op: 'branch', branches, otherwise: op.default as string | undefined }
    }
    case 'count':
      return { ...following, op: 'count', ...windowOf(op), store }
    case 'aggregate':
      return { ...following, op: 'aggregate', init: op.init, add: op.add as string, ...windowOf(op), store }
    case 'reduce':
      return { ...following, op: 'reduce', add: op.add as string, ...windowOf(op), store }
    case 'streamStreamJoin':
      return {
        ...base,
        op: 'streamStreamJoin',
        ...joinOf(op, 'inner', 'left', 'outer'),
        ...joinWindowOf(op),
      }
    case 'streamTableJoin':
      if (op.graceMs !== undefined) throw new Unsupported('stream-table joins with grace')
      return { ...base, op: 'streamTableJoin', ...joinOf(op, 'inner', 'left') }
    case 'process':
      if (!processorNames.has(op.processor as string)) throw new Unsupported(`processor ${op.processor}`)
      return {
        ...following,
        op: 'process',
        module: op.id,
        stores: store === undefined ? [] : [{ name: 'state' }],
        outputs: op.children as string[] | undefined,
      }
    case 'to':
      return { ...following, op: 'to', topic: op.topic as string }
    default:
      throw new Unsupported(op.op)
  }
}

function timestampOf(op: CaseOp): 'record' | { expr: string } {
  return op.timestamp === undefined ? 'record' : { expr: op.timestamp as string }
}

function windowOf(op: CaseOp) {
  const window = op.window as { type: string; sizeMs: number; advanceMs: number; graceMs: number } | undefined
  if (window === undefined) return {}
  const { type, sizeMs, advanceMs, graceMs } = window
  const emit = op.emit === 'onWindowClose' ? ('on-window-close' as const) : ('on-update' as const)
  const retentionMs = op.retentionMs as number | undefined
  if (type === 'tumbling') return { window: { type, sizeMs, graceMs } as const, emit, retentionMs }
  if (type === 'hopping') return { window: { type, sizeMs, advanceMs, graceMs } as const, emit, retentionMs }
  throw new Unsupported(`${type} windows`)
}

function joinOf<Type extends string>(op: CaseOp, ...types: readonly Type[]) {
  const type = types.find((known) => known === op.type)
  if (type === undefined) throw new Unsupported(`${op.type} joins`)
  return {
    type,
    left: op.left as string,
    right: op.right as string,
    joiner: op.joiner as string,
  } as const
}

function joinWindowOf(op: CaseOp) {
  return {
    beforeMs: op.beforeMs as number,
    afterMs: op.afterMs as number,
    graceMs: op.graceMs as number,
  }
}
