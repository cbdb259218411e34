import { MillraceError } from '../base/errors.ts'
import type { Address, Connection, ConnectOptions, Listener, Network } from '../environment/index.ts'
import type { Actor } from './actor.ts'
import type { NetworkWorld } from './network-world.ts'
import { placeOf, SimConnection } from './sim-connection.ts'

const connectTimeoutMsDefault = 10_000

export interface SimListener {
  readonly actor: Actor
  readonly address: Address
  readonly onConnection: (connection: Connection) => void
}

/** One life's view of the network. Ports are the world's, as on one machine. */
export class SimNetwork implements Network {
  readonly #actor: Actor
  readonly #world: NetworkWorld

  constructor(actor: Actor, world: NetworkWorld) {
    this.#actor = actor
    this.#world = world
  }

  async listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener> {
    const { listeners } = this.#world
    const port = address.port === 0 ? this.#world.takePort() : address.port
    if (listeners.has(port)) {
      throw new MillraceError({
        code: 'PORT_IN_USE',
        what: 'the port is already in use',
        where: `${address.host}:${port}`,
        remedy: 'choose another port',
      })
    }
    const listener: SimListener = { actor: this.#actor, address: { host: address.host, port }, onConnection }
    listeners.set(port, listener)
    const free = () => {
      if (listeners.get(port) === listener) listeners.delete(port)
    }
    const forget = this.#actor.onEnd(free)
    return {
      address: listener.address,
      close: async () => {
        forget()
        free()
      },
    }
  }

  connect(options: ConnectOptions): Promise<Connection> {
    const { scheduler } = this.#world
    const where = placeOf(options)
    return new Promise((resolve, reject) => {
      let isOver = false
      const finish = (settle: () => void) => {
        if (isOver) return
        isOver = true
        limit.cancel()
        settle()
      }
      const timeoutMs = options.timeoutMs ?? connectTimeoutMsDefault
      const limit = scheduler.schedule(this.#actor, timeoutMs, `network timeout ${where}`, () =>
        finish(() => reject(failure('CONNECTION_TIMED_OUT', 'the address does not answer', where))),
      )
      scheduler.schedule(this.#actor, this.#world.latencyMs(), `network connect ${where}`, () => {
        const listener = this.#world.listeners.get(options.port)
        if (!listener) {
          return finish(() => reject(failure('CONNECTION_REFUSED', 'nothing answers at that address', where)))
        }
        this.#greet(listener, options, (connection) => {
          if (isOver) connection.lose()
          else finish(() => resolve(connection))
        })
      })
    })
  }

  /** There and back; where a way is cut nothing comes of it. */
  #greet(listener: SimListener, to: Address, welcome: (connection: SimConnection) => void): void {
    const world = this.#world
    const server = listener.actor
    const isBlocked = () => world.isCut(this.#actor, server) || world.isCut(server, this.#actor)
    if (isBlocked()) return
    const own: Address = { host: '127.0.0.1', port: world.takePort() }
    world.scheduler.schedule(server, world.latencyMs(), `network accept ${placeOf(own)}`, () => {
      if (isBlocked() || !this.#actor.isAlive) return
      const here = new SimConnection(world, this.#actor, own, { host: to.host, port: to.port })
      const there = new SimConnection(world, server, listener.address, own)
      here.peer = there
      there.peer = here
      listener.onConnection(there)
      world.scheduler.schedule(this.#actor, world.latencyMs(), `network connected ${placeOf(own)}`, () =>
        welcome(here),
      )
    })
  }
}

function failure(code: string, what: string, where: string): MillraceError {
  return new MillraceError({ code, what, where, remedy: 'check that the server runs and is reachable' })
}
