import { describe, expect, it } from 'vitest'
import { fuzzedTopics } from './broker-process.ts'
import { fuzzBroker } from './fuzz-broker.ts'
import { fuzzDecoders } from './fuzz-decoders.ts'
import { FrameMaker, frameKinds } from './malformed-frames.ts'

const seed = 'npm test'
const decoderFrames = 4000
const brokerFrames = 800

describe('malformed frames', () => {
  const maker = new FrameMaker(seed, fuzzedTopics)

  it('depend on the seed and their number, and on nothing before them', () => {
    const other = new FrameMaker(seed, fuzzedTopics)
    for (const index of [700, 3, 512]) expect(other.make(index)).toEqual(maker.make(index))
    expect(new FrameMaker('another', fuzzedTopics).make(3)).not.toEqual(maker.make(3))
  })

  it('are read or refused by the decoders, and nothing else happens', async () => {
    const run = await fuzzDecoders(maker, seed, 0, decoderFrames)
    expect(run.failures).toEqual([])
    expect(Object.keys(run.kinds).sort()).toEqual([...frameKinds, 'answer'].sort())
    expect(run.outcomes.MALFORMED_FRAME).toBeGreaterThan(decoderFrames / 4)
    expect(run.outcomes.CORRUPT_BATCH).toBeGreaterThan(0)
  })

  it('neither harm a live broker nor another client of it', async () => {
    const run = await fuzzBroker(maker, 0, brokerFrames)
    expect(run.failures).toEqual([])
    // How many wait for longer than we do depends on the machine.
    expect(run.outcomes.closed).toBeGreaterThan(0)
    expect(run.outcomes.answered).toBeGreaterThan(0)
    expect(run.witnessRecords).toBeGreaterThan(0)
  })
})
