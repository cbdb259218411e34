/** Every code a `Problem` can carry, with what it is about. Codes never change their meaning once released. */
import type { Problem } from './problem.ts'

interface ProblemKind {
  readonly title: string
  readonly severity: Problem['severity']
}

export const problemCodes = {
  'MR-101': { title: 'unknown node kind', severity: 'error' },
  'MR-102': { title: 'a required field is empty', severity: 'error' },
  'MR-103': { title: 'a field has a value that it cannot take', severity: 'error' },
  'MR-104': { title: 'an expression that is not JavaScript', severity: 'error' },
  'MR-105': { title: 'a field that this kind of node does not have', severity: 'warning' },
  'MR-106': { title: 'two nodes with the same id', severity: 'error' },
  'MR-107': { title: 'two edges with the same id', severity: 'error' },
  'MR-108': { title: 'a list has too few entries', severity: 'error' },
  'MR-121': { title: 'a hopping window that leaves gaps', severity: 'error' },
  'MR-122': { title: 'two results with the same name', severity: 'error' },
  'MR-123': { title: 'two branches with the same name, or one named like the rest', severity: 'error' },
  'MR-124': { title: 'a file that leads out of the pipeline’s folder', severity: 'error' },
  'MR-125': { title: 'a name that Kafka does not allow', severity: 'error' },
  'MR-126': { title: 'a text that is not JSON', severity: 'error' },
  'MR-127': { title: 'a join window of no length', severity: 'warning' },
  'MR-128': { title: 'two stores with the same name', severity: 'error' },
  'MR-129': { title: 'a table without a key', severity: 'error' },
  'MR-130': { title: 'a table that never ends loading', severity: 'warning' },
  'MR-131': { title: 'a source whose file is missing', severity: 'error' },
  'MR-132': { title: 'windows that overlap too often', severity: 'warning' },
  'MR-133': { title: 'an expression or type that is too long', severity: 'error' },
  'MR-201': { title: 'an edge whose node is gone', severity: 'error' },
  'MR-202': { title: 'an edge to a port that does not exist', severity: 'error' },
  'MR-203': { title: 'an edge between ports that do not fit', severity: 'error' },
  'MR-204': { title: 'too many edges into one port', severity: 'error' },
  'MR-205': { title: 'a cycle', severity: 'error' },
  'MR-206': { title: 'an input without an edge', severity: 'error' },
  'MR-207': { title: 'an output that leads nowhere', severity: 'warning' },
  'MR-208': { title: 'nothing to run', severity: 'warning' },
  'MR-209': { title: 'two sinks on the same file', severity: 'error' },
  'MR-210': { title: 'a topic that is written and read again', severity: 'warning' },
  'MR-211': { title: 'a bypassed node that cannot be passed by', severity: 'warning' },
  'MR-212': { title: 'the same topic read by two sources', severity: 'error' },
  'MR-213': { title: 'join inputs with different numbers of partitions', severity: 'error' },
  'MR-214': { title: 'a sink that would write over a file of the pipeline', severity: 'error' },
  'MR-301': { title: 'a type error in an expression', severity: 'error' },
  'MR-302': { title: 'an error in a processor’s file', severity: 'error' },
  'MR-303': { title: 'what flows in does not fit the processor', severity: 'error' },
  'MR-304': { title: 'a processor’s file is missing', severity: 'error' },
  'MR-305': { title: 'a module that exports no processor', severity: 'error' },
  'MR-306': { title: 'a text that is not a type', severity: 'error' },
  'MR-307': { title: 'code that is nested too deeply to be checked', severity: 'error' },
} as const satisfies Readonly<Record<string, ProblemKind>>

export type ProblemCode = keyof typeof problemCodes

/** A problem with the severity that its code has. */
export function problem(code: ProblemCode, parts: Omit<Problem, 'code' | 'severity'>): Problem {
  return { code, severity: problemCodes[code].severity, ...parts }
}
