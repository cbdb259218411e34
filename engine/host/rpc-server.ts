import { MillraceError } from '../base/errors.ts'
import type { Channel } from './channel.ts'
import { type EventName, type EventOf, type HostMethods, type MethodName, methods } from './contract.ts'
import { decodeMessage, encodeMessage, errorOnWire, explainSchema, type Message } from './wire.ts'

export interface ServedChannel {
  emit<E extends EventName>(event: E, payload: EventOf<E>): void
  /** Settles when the other side is gone. */
  readonly closed: Promise<void>
  close(): void
}

/**
 * The host's half: answers the calls that come in over the channel, each on its own, so that one that waits holds up none.
 * `onUnexpected` hears of errors that are the host's own mistakes.
 */
export function serveChannel(
  channel: Channel,
  implementation: HostMethods,
  onUnexpected: (method: string, error: unknown) => void,
): ServedChannel {
  let open = true
  const send = (message: Message) => {
    if (open) channel.send(encodeMessage(message))
  }
  channel.onMessage((bytes) => {
    let message: Message
    try {
      message = decodeMessage(bytes)
    } catch {
      channel.close()
      return
    }
    if (message[0] !== 'call') return
    const [, id, method, input] = message
    answer(implementation, method, input).then(
      (output) => send(['done', id, output]),
      (thrown) => {
        if (!(thrown instanceof MillraceError) || thrown.code === 'INTERNAL') onUnexpected(method, thrown)
        send(['failed', id, errorOnWire(thrown)])
      },
    )
  })
  const closed = new Promise<void>((resolve) => {
    channel.onClose(() => {
      open = false
      resolve()
    })
  })
  return { emit: (event, payload) => send(['event', event, payload]), closed, close: () => channel.close() }
}

async function answer(implementation: HostMethods, method: string, input: unknown): Promise<unknown> {
  if (!isMethod(method)) {
    throw new MillraceError({
      code: 'UNKNOWN_METHOD',
      what: `the engine knows no method "${method}"`,
      remedy: 'reload the window',
    })
  }
  const checked = methods[method].input.safeParse(input)
  if (!checked.success) {
    throw new MillraceError({
      code: 'BAD_INPUT',
      what: `the input of ${method} is not of the right form (${explainSchema(checked.error)})`,
      where: method,
      remedy: 'reload the window',
    })
  }
  return invoke(implementation, method, checked.data)
}

function invoke<M extends MethodName>(
  implementation: HostMethods,
  method: M,
  input: unknown,
): Promise<unknown> {
  const run: (input: never) => Promise<unknown> = implementation[method]
  return run(input as never)
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(methods, name)
}
