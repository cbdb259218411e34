import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { type BrokerCommand, controlByLines, parseBrokerCommand } from './broker-control.ts'

describe('lines that break and mend brokers', () => {
  it('are read with their broker and delay', () => {
    expect(parseBrokerCommand('kill 2')).toEqual({ name: 'kill', broker: 2 })
    expect(parseBrokerCommand('  slow-disk  3  50ms ')).toEqual({ name: 'slow-disk', broker: 3, delayMs: 50 })
    expect(parseBrokerCommand('status')).toEqual({ name: 'status' })
  })

  it.each(['kill', 'kill two', 'kill 2 3', 'slow-disk 2', 'status 1', 'explode 1', 'slow-disk 2 50'])(
    'are refused when they make no sense: %s',
    (line) => {
      expect(() => parseBrokerCommand(line)).toThrow(/write (kill|a number)/)
    },
  )

  it('are answered one after the other, errors too', async () => {
    const done: BrokerCommand[] = []
    const answers: string[] = []
    await controlByLines(
      Readable.from(['kill 1\n\nnonsense\n', 'start 1\n']),
      async (command) => {
        done.push(command)
        return undefined
      },
      (text) => answers.push(text),
    )
    expect(done.map(({ name }) => name)).toEqual(['kill', 'start'])
    expect(answers).toEqual(['ok kill 1', expect.stringContaining('error BAD_COMMAND'), 'ok start 1'])
  })
})
