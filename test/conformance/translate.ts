/** From a case's operators to a topology plan. */
import type { Emit, Step, SuppressRule, TopologyPlan, WindowSpec } from '../../engine/streams/index.ts'
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
    const step = translateOp(op)
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
    case 'suppress':
    case 'tableTableJoin':
    case 'foreignKeyJoin':
    case 'cogroup':
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

function translateOp(op: CaseOp): Step {
  const base = { id: op.id, node: op.id }
  const following = { ...base, from: op.from as string }
  const expr = op.expr as string
  const store = op.store as string | undefined
  switch (op.op) {
    case 'stream':
      return { ...base, op: 'stream', topic: op.topic as string, timestamp: timestampOf(op) }
    case 'table':
      return {
        ...base,
        op: 'table',
        topic: op.topic as string,
        timestamp: timestampOf(op),
        store,
        versionedHistoryMs: op.versionedHistoryMs as number | undefined,
      }
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
      return {
        ...following,
        op: 'aggregate',
        init: op.init,
        ...adderOf(op),
        merge: op.merge as string | undefined,
        ...windowOf(op),
        store,
      }
    case 'reduce':
      return { ...following, op: 'reduce', ...adderOf(op), ...windowOf(op), store }
    case 'suppress':
      return { ...following, op: 'suppress', ...suppressionOf(op) }
    case 'streamStreamJoin':
      return {
        ...base,
        op: 'streamStreamJoin',
        ...joinOf(op, 'inner', 'left', 'outer'),
        ...joinWindowOf(op),
      }
    case 'streamTableJoin':
      return {
        ...base,
        op: 'streamTableJoin',
        ...joinOf(op, 'inner', 'left'),
        graceMs: op.graceMs as number | undefined,
      }
    case 'cogroup': {
      const parts = op.parts as { from: string; add: string }[]
      const merge = op.merge as string | undefined
      return { ...base, op: 'cogroup', parts, init: op.init, merge, ...windowOf(op), store }
    }
    case 'globalTable':
      return { ...base, op: 'globalTable', topic: op.topic as string, store }
    case 'streamGlobalTableJoin': {
      const keyExpr = op.keyExpr as string
      return { ...base, op: 'streamGlobalTableJoin', ...joinOf(op, 'inner', 'left'), keyExpr }
    }
    case 'foreignKeyJoin': {
      const foreignKey = op.foreignKey as string
      return { ...base, op: 'foreignKeyJoin', ...joinOf(op, 'inner', 'left'), foreignKey, store }
    }
    case 'tableTableJoin':
      return { ...base, op: 'tableTableJoin', ...joinOf(op, 'inner', 'left', 'outer'), store }
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

function adderOf(op: CaseOp) {
  return { add: op.add as string, subtract: op.subtract as string | undefined }
}

function timestampOf(op: CaseOp): 'record' | { expr: string } {
  return op.timestamp === undefined ? 'record' : { expr: op.timestamp as string }
}

function windowOf(op: CaseOp): { window?: WindowSpec; emit?: Emit; retentionMs?: number | undefined } {
  if (op.window === undefined) return {}
  const emit = op.emit === 'onWindowClose' ? 'on-window-close' : 'on-update'
  // Its fields are named as in the cases.
  return { window: op.window as WindowSpec, emit, retentionMs: op.retentionMs as number | undefined }
}

function suppressionOf(op: CaseOp): SuppressRule {
  if (op.until === 'windowCloses') return { until: 'window-closes' }
  const recordsMax = op.maxRecords as number | undefined
  const buffer = recordsMax === undefined ? {} : { recordsMax }
  return { until: 'time-limit', limitMs: op.limitMs as number, buffer }
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
