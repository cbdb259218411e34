import type { WorkerContext } from '../../../environment/index.ts'
import { createNodeEnvironment, serveWorker } from '../index.ts'

/** A worker for the tests beside it: does what its `data` names. */
serveWorker(createNodeEnvironment(), ({ data, port, environment }: WorkerContext) => {
  switch (data) {
    case 'echo':
      port.onMessage((message) => port.post({ echoed: message }))
      return new Promise(() => undefined)
    case 'finish':
      port.post('last words')
      return Promise.resolve()
    case 'throw':
      return Promise.reject(new TypeError('thrown in the body'))
    case 'throw-later':
      return new Promise(() => environment.timers.soon(() => throwNow()))
    case 'exit':
      process.exit(3)
      break
    case 'fill-heap':
      return fillHeap()
    case 'fill-buffers':
      return fillBuffers(environment.timers.sleep)
    case 'spin':
      spin()
  }
  return Promise.resolve()
})

function throwNow(): never {
  throw new RangeError('thrown outside of the body')
}

async function fillHeap(): Promise<void> {
  const kept: unknown[] = []
  for (;;) kept.push({ text: `${kept.length}`.repeat(50) })
}

async function fillBuffers(sleep: (ms: number) => Promise<void>): Promise<void> {
  const kept: Buffer[] = []
  for (;;) {
    kept.push(Buffer.alloc(16 * 2 ** 20, 1))
    await sleep(5)
  }
}

function spin(): void {
  let turns = 0
  while (turns >= 0) turns = (turns + 1) % 1000 // the tests look for this line
}
