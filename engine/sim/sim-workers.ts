import { MillraceError } from '../base/errors.ts'
import type {
  Environment,
  Worker,
  WorkerBody,
  WorkerExit,
  WorkerName,
  WorkerPort,
  Workers,
} from '../environment/index.ts'
import { Actor } from './actor.ts'
import type { Scheduler } from './scheduler.ts'

const messageMs = 0.05

/** Runs bodies in the same thread, each as an actor of its own that can be ended alone. */
export class SimWorkers implements Workers {
  readonly #parent: Actor
  readonly #scheduler: Scheduler
  readonly #bodies: Readonly<Partial<Record<WorkerName, WorkerBody>>>
  readonly #environmentOf: (actor: Actor) => Environment
  #count = 0

  constructor(
    parent: Actor,
    scheduler: Scheduler,
    bodies: Readonly<Partial<Record<WorkerName, WorkerBody>>>,
    environmentOf: (actor: Actor) => Environment,
  ) {
    this.#parent = parent
    this.#scheduler = scheduler
    this.#bodies = bodies
    this.#environmentOf = environmentOf
  }

  async start(name: WorkerName, _kind: 'thread' | 'process', data: unknown): Promise<Worker> {
    const body = this.#bodies[name]
    if (!body)
      throw new MillraceError({ code: 'UNKNOWN_WORKER', what: `no body is known for the worker "${name}"` })
    const actor = new Actor(`${this.#parent.name}/${name}-${this.#count++}`, this.#parent.node)
    this.#parent.onEnd(() => actor.end())
    const inside = new SimPort(actor, this.#scheduler)
    const outside = new SimPort(this.#parent, this.#scheduler)
    inside.peer = outside
    outside.peer = inside
    const exited = new Promise<WorkerExit>((resolve) => {
      const settle = (exit: WorkerExit) => {
        // After its last messages.
        this.#scheduler.schedule(this.#parent, messageMs, `exit of ${actor.name}`, () => resolve(exit))
        actor.end()
      }
      actor.onEnd(() => settle({ reason: 'terminated' }))
      const context = { environment: this.#environmentOf(actor), data: structuredClone(data), port: inside }
      this.#scheduler.schedule(actor, messageMs, `start of ${actor.name}`, () => {
        const run = async () => body(context)
        run().then(
          () => settle({ reason: 'finished', exitCode: 0 }),
          (thrown) => settle({ reason: 'crashed', exitCode: 1, error: errorFacts(thrown) }),
        )
      })
    })
    return {
      exited,
      post: (message) => outside.post(message),
      onMessage: (handler) => outside.onMessage(handler),
      terminate: async () => {
        actor.end()
        await exited
      },
      whereStuck: async () => undefined,
    }
  }
}

/** Messages are copied, keep their order, and wait until somebody listens. */
class SimPort implements WorkerPort {
  peer: SimPort | undefined
  readonly #actor: Actor
  readonly #scheduler: Scheduler
  #waiting: unknown[] = []
  #handler: ((message: unknown) => void) | undefined

  constructor(actor: Actor, scheduler: Scheduler) {
    this.#actor = actor
    this.#scheduler = scheduler
  }

  post(message: unknown): void {
    const { peer } = this
    if (!peer || !this.#actor.isAlive) return
    const copy: unknown = structuredClone(message)
    this.#scheduler.schedule(peer.#actor, messageMs, `message to ${peer.#actor.name}`, () =>
      peer.#deliver(copy),
    )
  }

  onMessage(handler: (message: unknown) => void): void {
    this.#handler = handler
    for (const message of this.#waiting.splice(0)) handler(message)
  }

  #deliver(message: unknown): void {
    if (this.#handler) this.#handler(message)
    else this.#waiting.push(message)
  }
}

function errorFacts(thrown: unknown): { name: string; message: string; stack?: string } {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) }
  return { name: thrown.name, message: thrown.message, stack: thrown.stack }
}
