/**
 * Calls to a worker of ours and its answers, over the worker's port. `Calls` names each call with its input and output.
 */
import { type ErrorParts, MillraceError } from '../base/errors.ts'
import type { Worker, WorkerPort } from '../environment/index.ts'
import { errorOnWire } from './wire.ts'

/** An interface with one entry per call. */
export type CallMap<Calls> = {
  readonly [Name in keyof Calls]: { readonly input: unknown; readonly output: unknown }
}

interface CallMessage {
  readonly kind: 'call'
  readonly id: number
  readonly name: string
  readonly input: unknown
}
interface AnswerMessage {
  readonly kind: 'answer'
  readonly id: number
  readonly output?: unknown
  readonly error?: ErrorParts
}
interface TellMessage {
  readonly kind: 'tell'
  readonly value: unknown
}

export class WorkerCalls<Calls extends CallMap<Calls>, Told> {
  readonly #worker: Worker
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: MillraceError) => void }
  >()
  #nextId = 1
  #gone = false

  constructor(worker: Worker, name: string, onTold: (value: Told) => void) {
    this.#worker = worker
    worker.onMessage((message) => {
      const received = message as AnswerMessage | TellMessage
      if (received.kind === 'tell') onTold(received.value as Told)
      else this.#answered(received)
    })
    void worker.exited.then((exit) => {
      this.#gone = true
      const error = new MillraceError({
        code: 'WORKER_ENDED',
        what: `the ${name} ended (${exit.error?.message ?? exit.reason})`,
        remedy: 'try again',
      })
      for (const call of this.#pending.values()) call.reject(error)
      this.#pending.clear()
    })
  }

  call<Name extends keyof Calls & string>(
    name: Name,
    input: Calls[Name]['input'],
  ): Promise<Calls[Name]['output']> {
    if (this.#gone) {
      return Promise.reject(
        new MillraceError({ code: 'WORKER_ENDED', what: 'it has ended', remedy: 'try again' }),
      )
    }
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.post({ kind: 'call', id, name, input } satisfies CallMessage)
    })
  }

  #answered(message: AnswerMessage): void {
    const call = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    if (message.error) call?.reject(new MillraceError(message.error))
    else call?.resolve(message.output)
  }
}

export type CallHandlers<Calls extends CallMap<Calls>> = {
  readonly [Name in keyof Calls]: (input: Calls[Name]['input']) => Promise<Calls[Name]['output']>
}

/** The worker's side. Gives the way to tell something unasked. */
export function answerCalls<Calls extends CallMap<Calls>, Told>(
  port: WorkerPort,
  handlers: CallHandlers<Calls>,
): (value: Told) => void {
  const post = (message: AnswerMessage | TellMessage) => port.post(message)
  port.onMessage((message) => {
    const { id, name, input } = message as CallMessage
    const handler: (input: never) => Promise<unknown> = handlers[name as keyof Calls]
    handler(input as never).then(
      (output) => post({ kind: 'answer', id, output }),
      (thrown) => post({ kind: 'answer', id, error: errorOnWire(thrown) }),
    )
  })
  return (value) => post({ kind: 'tell', value })
}
