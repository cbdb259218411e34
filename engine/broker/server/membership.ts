import { isMillraceError, MillraceError } from '../../base/errors.ts'
import type { Environment, TimerHandle } from '../../environment/index.ts'
import type { Controller } from '../controller/controller.ts'
import type { LogReport } from '../controller/elections.ts'
import type { Quorum } from '../controller/quorum.ts'
import type {
  ControllerAnswer,
  ControllerRequest,
  ControllerRequestKind,
  ControllerRequests,
} from '../peers/controller-requests.ts'
import type { PeerLinks } from '../peers/links.ts'

export interface MembershipOptions {
  readonly id: number
  readonly incarnation: string
  readonly quorum: Quorum
  readonly controller: Controller
  readonly links: PeerLinks
  readonly heartbeatMs: number
  readonly onFailed: (error: MillraceError) => void
}

const retryMsMin = 4
const retryMsMax = 100
const registrationTimeoutMs = 60_000
/** Committing takes a moment on a busy machine, however little time the caller has. */
const attemptMsMin = 2000

/** This broker's standing in the cluster: its registration, its heartbeats, its way to the active controller. */
export class Membership {
  /** −1 until it is registered. */
  brokerEpoch = -1
  private readonly environment: Environment
  private readonly options: MembershipOptions
  private timer: TimerHandle | undefined
  private isClosed = false

  constructor(environment: Environment, options: MembershipOptions) {
    this.environment = environment
    this.options = options
  }

  async register(
    address: { host: string; port: number },
    data: { readonly cleanBrokerEpoch: number; readonly logs: readonly LogReport[] },
  ): Promise<void> {
    const { id, incarnation } = this.options
    const request = { id, incarnation, ...address, ...data }
    const { brokerEpoch } = await this.ask('register', request, registrationTimeoutMs)
    this.brokerEpoch = brokerEpoch
  }

  /** From registration on: at short intervals until it is taken in, then at the usual ones. */
  startHeartbeats(): void {
    void this.beat()
  }

  /** True once nothing in the cluster depends on this broker any more. */
  async leave(timeoutMs: number): Promise<boolean> {
    this.timer?.cancel()
    const deadlineMs = this.nowMs() + timeoutMs
    while (this.nowMs() < deadlineMs && !this.isClosed) {
      const request = { ...this.heartbeat(), wantsShutdown: true }
      try {
        const { mayShutDown } = await this.ask('heartbeat', request, deadlineMs - this.nowMs())
        if (mayShutDown) return true
      } catch (thrown) {
        if (!isMillraceError(thrown)) throw thrown
        return false
      }
      await this.environment.timers.sleep(retryMsMin)
    }
    return false
  }

  /** @throws MillraceError NO_CONTROLLER when none has answered in time, BROKER_STOPPED */
  async ask<K extends ControllerRequestKind>(
    kind: K,
    request: ControllerRequests[K]['request'],
    timeoutMs: number,
  ): Promise<ControllerAnswer<K>> {
    const deadlineMs = this.nowMs() + timeoutMs
    // The pair is one of the union's members, which the compiler cannot see for a generic kind.
    const whole = { kind, request } as ControllerRequest
    let retryMs = retryMsMin
    for (;;) {
      if (this.isClosed) throw stopped(this.options.id)
      try {
        const attemptMs = Math.max(deadlineMs - this.nowMs(), attemptMsMin)
        return (await this.askOnce(whole, attemptMs)) as ControllerAnswer<K>
      } catch (thrown) {
        if (!isMillraceError(thrown) || !retriable.has(thrown.code)) throw thrown
      }
      if (this.nowMs() + retryMs > deadlineMs) throw noController(timeoutMs)
      await this.environment.timers.sleep(retryMs)
      retryMs = Math.min(retryMs * 2, retryMsMax)
    }
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
  }

  /** Whatever becomes of the request: nobody waits for its answer for longer than `timeoutMs`. */
  private askOnce(
    request: ControllerRequest,
    timeoutMs: number,
  ): Promise<ControllerAnswer<ControllerRequestKind>> {
    const { quorum, controller, links, id } = this.options
    const { leaderId } = quorum
    if (leaderId === undefined) return Promise.reject(noController(0))
    return new Promise((resolve, reject) => {
      const timer = this.environment.timers.after(timeoutMs, () => reject(noController(timeoutMs)))
      const answer = leaderId === id ? controller.handle(request) : links.controller(leaderId, request)
      answer.then(resolve, reject).finally(() => timer.cancel())
    })
  }

  private heartbeat() {
    const { id, quorum } = this.options
    return { id, brokerEpoch: this.brokerEpoch, appliedIndex: quorum.image.index, wantsShutdown: false }
  }

  private async beat(): Promise<void> {
    const { heartbeatMs } = this.options
    let nextMs = heartbeatMs
    try {
      const { error, fenced } = await this.ask('heartbeat', this.heartbeat(), heartbeatMs)
      if (error === 'STALE_BROKER_EPOCH' && !this.isClosed) this.options.onFailed(superseded(this.options.id))
      if (fenced) nextMs = retryMsMin
    } catch (thrown) {
      if (!isMillraceError(thrown)) throw thrown
      nextMs = retryMsMin
    }
    if (this.isClosed) return
    this.timer = this.environment.timers.after(nextMs, () => void this.beat())
  }

  private nowMs(): number {
    return this.environment.clock.monotonicMs()
  }
}

const retriable = new Set([
  'NOT_CONTROLLER',
  'NO_CONTROLLER',
  'PEER_LOST',
  'PEER_TIMED_OUT',
  'BROKER_STARTING',
])

function noController(timeoutMs: number): MillraceError {
  return new MillraceError({
    code: 'NO_CONTROLLER',
    what: `no active controller answered within ${timeoutMs} ms`,
    remedy: 'check that more than half of the brokers run and reach each other',
  })
}

function stopped(id: number): MillraceError {
  return new MillraceError({
    code: 'BROKER_STOPPED',
    what: `broker ${id} has stopped`,
    where: `broker ${id}`,
  })
}

function superseded(id: number): MillraceError {
  return new MillraceError({
    code: 'BROKER_SUPERSEDED',
    what: 'another process has registered under this broker’s id',
    where: `broker ${id}`,
    remedy: 'run one process for each broker id',
  })
}
