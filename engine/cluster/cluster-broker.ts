import { MillraceError } from '../base/errors.ts'
import { Broker } from '../broker/broker.ts'
import type { LocalHub } from '../broker/peers/local-hub.ts'
import type { BrokerSettings } from '../broker/settings/broker-settings.ts'
import type { Environment } from '../environment/index.ts'
import { type DiskDelay, withSlowDisk } from './slow-disk.ts'
import type { BrokerLife, ObservedBroker } from './status.ts'

const tailBytesMax = 32 * 1024 * 1024

export interface ClusterBrokerOptions {
  readonly id: number
  readonly voters: readonly number[]
  readonly folder: string
  readonly settings: BrokerSettings
  readonly host: string
  /** 0: a free one, which it keeps from then on. */
  readonly port: number
  readonly hub: LocalHub
  readonly onChange: () => void
}

/** One broker's place in the cluster, through all its lives. */
export class ClusterBroker implements ObservedBroker {
  readonly id: number
  readonly host: string
  port: number
  state: BrokerLife = 'stopped'
  failure: string | undefined
  isIsolated = false
  broker: Broker | undefined
  private readonly environment: Environment
  private readonly options: ClusterBrokerOptions
  private readonly delay: DiskDelay = { delayMs: 0 }

  constructor(environment: Environment, options: ClusterBrokerOptions) {
    this.environment = withSlowDisk(environment, this.delay)
    this.options = options
    this.id = options.id
    this.host = options.host
    this.port = options.port
  }

  /** Lets the others speak to it; `finishStart` makes it take part. */
  beginStart(): void {
    if (this.state === 'starting' || this.state === 'running')
      throw wrongState(this.id, `is ${this.state} already`)
    const { id, voters, folder, settings, hub, onChange } = this.options
    this.state = 'starting'
    this.failure = undefined
    this.isIsolated = false
    const broker: Broker = Broker.create(this.environment, {
      id,
      voters,
      folder,
      settings,
      listen: { host: this.host, port: this.port },
      connectPeers: (server) => hub.attach(id, server),
      tailBytesMax,
      onChange,
      onFailed: (error) => void this.failed(broker, error),
    })
    this.broker = broker
  }

  /** Takes its port, before any data is touched. */
  async listen(): Promise<void> {
    const { broker } = this
    if (!broker) throw wrongState(this.id, 'has not begun to start')
    await this.orEnd(broker, broker.listen())
    if (this.broker !== broker || this.state !== 'starting')
      throw wrongState(this.id, 'was ended while it started')
  }

  async finishStart(): Promise<void> {
    const { broker } = this
    if (!broker) throw wrongState(this.id, 'has not begun to start')
    await this.orEnd(broker, broker.start())
    if (this.broker !== broker || this.state !== 'starting')
      throw wrongState(this.id, 'was ended while it started')
    this.port = broker.view!.listener.address.port
    this.state = 'running'
    this.options.onChange()
  }

  async kill(): Promise<void> {
    const broker = this.take('killed')
    await broker.crash()
    this.options.onChange()
  }

  async stop(options: { controlled: boolean }): Promise<void> {
    const broker = this.live()
    if (options.controlled) this.options.onChange()
    await broker.stop(options)
    if (this.broker === broker) this.end('stopped')
    this.options.onChange()
  }

  isolate(): void {
    this.live().cutOffClients(true)
    this.isIsolated = true
    this.options.hub.isolate(this.id)
    this.options.onChange()
  }

  heal(): void {
    this.live().cutOffClients(false)
    this.isIsolated = false
    this.delay.delayMs = 0
    this.options.hub.heal(this.id)
    this.options.onChange()
  }

  slowDisk(delayMs: number): void {
    this.delay.delayMs = delayMs
  }

  get isLive(): boolean {
    return this.broker !== undefined
  }

  private async orEnd(broker: Broker, step: Promise<void>): Promise<void> {
    try {
      await step
    } catch (thrown) {
      await broker.crash()
      if (this.broker === broker) this.end('stopped')
      throw thrown
    }
  }

  private async failed(broker: Broker, error: MillraceError): Promise<void> {
    if (this.broker !== broker) return
    this.end('killed')
    this.failure = error.message
    await broker.crash()
    this.options.onChange()
  }

  private live(): Broker {
    if (!this.broker) throw wrongState(this.id, `is ${this.state}`)
    return this.broker
  }

  private take(state: BrokerLife): Broker {
    const broker = this.live()
    // The port that it had is its own: clients know it.
    this.port = broker.view?.listener.address.port ?? this.port
    this.end(state)
    return broker
  }

  private end(state: BrokerLife): void {
    this.broker = undefined
    this.state = state
    this.isIsolated = false
  }
}

function wrongState(id: number, what: string): MillraceError {
  return new MillraceError({
    code: 'WRONG_BROKER_STATE',
    what: `broker ${id} ${what}`,
    where: `broker ${id}`,
    remedy: 'look at the status first',
  })
}
