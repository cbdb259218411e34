import { describe, expect, it } from 'vitest'
import type { RunFailure, RunProblem } from './messages.ts'
import { ProblemTally } from './problem-tally.ts'

const failure = (node: string, where: string, line?: number): RunFailure => ({
  error: { code: 'BAD_LINE', what: `bad at ${where}`, where, remedy: 'mend it' },
  node,
  file: line === undefined ? undefined : { path: 'work.ts', line, column: 1 },
})

function tally() {
  const told: RunProblem[] = []
  return { told, tally: new ProblemTally((problem) => told.push(problem)) }
}

describe('problems of single records', () => {
  it('are told one by one while they are few', () => {
    const { told, tally: problems } = tally()
    for (let n = 1; n <= 3; n++) problems.add(failure('file', `line ${n}`))
    problems.flush()
    expect(told).toEqual([1, 2, 3].map((n) => failure('file', `line ${n}`)))
  })

  it('are told as one for each sample when they are many: the first of them, how many, and where the last was', () => {
    const { told, tally: problems } = tally()
    for (let n = 1; n <= 1000; n++) problems.add(failure('file', `line ${n}`))
    expect(told).toHaveLength(5)
    problems.flush()
    problems.flush()
    expect(told.slice(5)).toEqual([{ ...failure('file', 'line 6'), count: 995, lastWhere: 'line 1000' }])
    problems.add(failure('file', 'line 1001'))
    problems.flush()
    expect(told.at(-1)).toEqual({ ...failure('file', 'line 1001'), count: 1, lastWhere: 'line 1001' })
  })

  it('of other nodes, and at other lines of code, are told apart', () => {
    const { told, tally: problems } = tally()
    for (let n = 0; n < 7; n++) {
      problems.add(failure('a', 'x'))
      problems.add(failure('b', 'x', 3))
      problems.add(failure('b', 'x', 4))
    }
    problems.flush()
    expect(told.slice(15).map(({ node, file, count }) => [node, file?.line, count])).toEqual([
      ['a', undefined, 2],
      ['b', 3, 2],
      ['b', 4, 2],
    ])
  })
})
