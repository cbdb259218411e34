import { parentPort } from 'node:worker_threads'
import type { Environment, WorkerBody } from '../../environment/index.ts'
import { utilityPort } from './utility-port.ts'
import { createMailbox, type FromWorker, failureFacts, type ToWorker } from './worker-messages.ts'

/**
 * What an entry point calls to be started by `Workers.start`, in a thread or in a process of its own:
 * `serveWorker(createNodeEnvironment(), runStreamThread)`.
 */
export function serveWorker(environment: Environment, body: WorkerBody): void {
  const parent = parentPort ? threadParent(parentPort) : (utilityParent() ?? processParent())
  const mailbox = createMailbox()
  let started = false

  process.on('uncaughtException', (error) => {
    parent.send({ kind: 'failed', error: failureFacts(error) })
    parent.leave(1)
  })

  parent.listen((message) => {
    if (message.kind === 'message') return mailbox.deliver(message.value)
    if (started) return
    started = true
    if (message.heartbeatMs !== undefined) {
      // Four signs of life in the span after which a silent worker counts as stuck.
      setInterval(() => parent.send({ kind: 'alive' }), message.heartbeatMs / 4).unref()
    }
    if (message.memoryEveryMs !== undefined) {
      const tell = () => parent.send({ kind: 'memory', residentBytes: process.memoryUsage.rss() })
      setInterval(tell, message.memoryEveryMs).unref()
    }
    const port = {
      post: (value: unknown, transfer?: readonly ArrayBuffer[]) =>
        parent.send({ kind: 'message', value }, transfer),
      onMessage: mailbox.onMessage,
    }
    const run = async () => body({ environment, data: message.data, port })
    run().then(
      () => {
        parent.send({ kind: 'finished' })
        parent.leave(0)
      },
      (thrown) => {
        parent.send({ kind: 'failed', error: failureFacts(thrown) })
        parent.leave(1)
      },
    )
  })
  parent.send({ kind: 'up' })
}

interface Parent {
  send(message: FromWorker, transfer?: readonly ArrayBuffer[]): void
  listen(handler: (message: ToWorker) => void): void
  /** After everything sent has been handed over. */
  leave(exitCode: number): void
}

function threadParent(port: NonNullable<typeof parentPort>): Parent {
  return {
    send: (message, transfer) => port.postMessage(message, transfer ? [...transfer] : undefined),
    listen: (handler) => void port.on('message', handler),
    leave: (exitCode) => process.exit(exitCode),
  }
}

/** A utility process of Electron's ends with its parent. */
function utilityParent(): Parent | undefined {
  const port = utilityPort<ToWorker>()
  return (
    port && {
      send: (message) => port.postMessage(message),
      listen: (handler) => port.on('message', ({ data }) => handler(data)),
      // Messages that were posted are on their way; the exit would overtake them within this tick.
      leave: (exitCode) => void setTimeout(() => process.exit(exitCode), 50),
    }
  )
}

function processParent(): Parent {
  // Nobody would end this process once whoever started it is gone. `exit` would wait for threads, of which one may loop.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  const send = (message: FromWorker, sent?: () => void) => {
    if (process.connected) process.send?.(message, undefined, undefined, sent)
  }
  return {
    send: (message) => send(message),
    listen: (handler) => void process.on('message', (message: ToWorker) => handler(message)),
    leave: (exitCode) => send({ kind: 'alive' }, () => process.exit(exitCode)),
  }
}
