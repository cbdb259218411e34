import { describe, expect, test } from 'vitest'
import { type Case, readCases } from './case.ts'
import { checkRestarted } from './check.ts'

/** What the results of these cases need is held in variables of a processor, or in the timers of one. */
const needsMemory = (golden: Case) =>
  golden.topology.some((op) =>
    ['reorder', 'ticker', 'countEveryStreamTime', 'expireIdle', 'totalEveryWallClock'].includes(
      op.processor as string,
    ),
  )

const cases = (await readCases(new URL('cases', import.meta.url).pathname)).filter(
  (golden) => !needsMemory(golden) && golden.steps.length <= 60,
)

describe('a restart between any two records changes nothing, because all state is in the changelogs', () => {
  test.each(cases)('$group/$id', async (golden) => {
    for (let before = 1; before < golden.steps.length; before++) {
      expect(await checkRestarted(golden, before)).toEqual({ type: 'passed' })
    }
  })
})
