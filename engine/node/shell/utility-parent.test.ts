import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { electronPortChannel } from './utility-parent.ts'

/** Two ports as Electron's main process makes them: events of Node's kind, `data` in them, nothing before `start`. */
function ports() {
  const make = () => {
    const events = new EventEmitter()
    let waiting: unknown[] | undefined = []
    let other: (message: unknown) => void = () => undefined
    return {
      connect: (deliver: (message: unknown) => void) => {
        other = deliver
      },
      take(message: unknown) {
        if (waiting) waiting.push(message)
        else events.emit('message', { data: message })
      },
      postMessage: (message: unknown) => other(structuredClone(message)),
      start() {
        const kept = waiting ?? []
        waiting = undefined
        for (const message of kept) events.emit('message', { data: message })
      },
      close: () => void events.emit('close'),
      on: (event: string, listener: (event: { readonly data: unknown }) => void) =>
        void events.on(event, listener),
    }
  }
  const [left, right] = [make(), make()]
  left.connect(right.take)
  right.connect(left.take)
  return [left, right] as const
}

it("Electron's port carries bytes both ways, and either side hears the other's end once", () => {
  const [left, right] = ports()
  const [here, there] = [electronPortChannel(left), electronPortChannel(right)]
  const got: string[] = []
  let ends = 0
  there.onMessage((bytes) => got.push(Buffer.from(bytes).toString()))
  there.onClose(() => {
    ends += 1
  })
  here.onMessage((bytes) => got.push(Buffer.from(bytes).toString()))
  here.send(Buffer.from('to there'))
  there.send(Buffer.from('to here'))
  expect(got).toEqual(['to there', 'to here'])
  here.close()
  here.close()
  expect(ends).toBe(1)
  there.send(Buffer.from('too late'))
  expect(got).toHaveLength(2)
})
