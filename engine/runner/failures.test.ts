import { expect, it } from 'vitest'
import { exitFailure } from './failures.ts'
import { defaultLimits } from './messages.ts'

const stuck = { reason: 'unresponsive' } as const
const reading = { current: 'work', last: 'work', calls: 1 }

it('code that is stuck is told with its line, and where that cannot be known, with that', () => {
  const place = { path: '/p/work.ts', line: 4, column: 2 }
  const known = exitFailure(stuck, reading, place, defaultLimits)
  expect(known).toMatchObject({ node: 'work', file: place, error: { code: 'PROCESSOR_STUCK' } })
  expect(known?.error.remedy).toBe('look for a loop that never ends')
  const unknown = exitFailure(stuck, reading, undefined, defaultLimits)
  expect(unknown).toMatchObject({ node: 'work', error: { code: 'PROCESSOR_STUCK', where: 'work' } })
  expect(unknown?.error.remedy).toBe('look for a loop that never ends (its line could not be read)')
})
